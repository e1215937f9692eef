internal import JSONScan

/// What is wrong with a list of prices, in a plain sentence that names the entry.
public struct PriceTableError: Error, Sendable, Hashable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}

extension PriceTable {
  /// Reads a list of prices. `docs/usage-and-cost.md` describes the format; what it does not know is an error, so
  /// that a misspelt member never makes a price.
  public init(json text: some Sequence<UInt8>) throws(PriceTableError) {
    let text = Array(text)
    let parser = JSONParser()
    let read = text.withUnsafeBytes { bytes -> Result<PriceTable, PriceTableError> in
      do throws(JSONError) {
        let root = try parser.scan(copying: bytes).root
        return Self.read(root)
      } catch {
        return .failure(PriceTableError("the prices are not JSON: \(error.message)"))
      }
    }
    self = try read.get()
  }

  public init(json text: String) throws(PriceTableError) { try self.init(json: text.utf8) }

  /// Reads a file, 16 MiB at most; an error names it.
  public init(contentsOf path: String) throws(PriceTableError) {
    guard let text = SmallFile.read(path, limit: 16 << 20) else {
      throw PriceTableError("\(path): cannot be read, or is larger than 16 MiB")
    }
    do { try self.init(json: text) } catch { throw PriceTableError("\(path): \(error.description)") }
  }

  private static func read(_ root: JSONValueView) -> Result<PriceTable, PriceTableError> {
    var reader = PriceReader()
    do throws(PriceTableError) {
      try reader.read(root)
      return .success(reader.table)
    } catch {
      return .failure(error)
    }
  }
}
