package import Wire

/// Why one item of an ingest request was not taken. The rest of the request is not touched by it.
package struct Rejection: Equatable, Sendable {
  /// Place of the item in the request, from 0; lines without content are not counted.
  package var index: Int
  /// The member at fault; empty when it is the item as a whole.
  package var field: String
  /// A plain sentence with the reason and the remedy.
  package var message: String
}

/// What an ingest request contained.
package struct Decoded: Sendable {
  /// The valid events, encoded.
  package var batch: EventBatch
  /// The invalid ones, the first 100 of them.
  package var rejections: [Rejection]
  /// All invalid ones.
  package var rejected: Int
}

/// Why an ingest request was refused as a whole.
package struct IngestError: Error, Equatable, Sendable {
  /// HTTP status: 400, 413 or 415.
  package var status: Int
  /// A stable word for programs.
  package var code: String
  package var message: String
  /// What to do about it.
  package var hint: String
}
