/// A key that no type declares: an index, or a superclass's.
struct JSONCodingKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) { self.init(index: intValue) }

  init(index: Int) {
    stringValue = "Index \(index)"
    intValue = index
  }

  static let `super` = JSONCodingKey(stringValue: "super")
}

/// Dictionaries: their keys are data, which no key strategy converts.
protocol DataKeyed {}
extension Dictionary: DataKeyed {}
