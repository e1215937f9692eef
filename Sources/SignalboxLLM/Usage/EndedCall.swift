internal import Signalbox

/// What a ledger takes down of one call.
struct EndedCall {
  var provider: String
  var model: String
  /// Values of the labels that the ledger groups by.
  var labels: [String: String] = [:]
  var isError = false
  var attempts = 1
  /// Of every attempt of which something is known.
  var usages: [TokenUsage] = []
  var costs: [Cost] = []
  var firstTokenMS: Double?
  var durationMS: Double?
}
