package import Wire

/// Writes metrics in the Prometheus text format, version 0.0.4.
package struct PrometheusWriter: ~Copyable {
  private var out = ByteWriter(capacity: 8192)

  package init() {}

  package enum Kind: String {
    case counter, gauge, histogram
  }

  /// Begins a family; its samples follow.
  package mutating func family(_ name: String, _ kind: Kind, _ help: String) {
    out.append(utf8: "# HELP \(name) \(help)\n# TYPE \(name) \(kind.rawValue)\n")
  }

  /// Writes a sample; label values are escaped here.
  package mutating func sample(_ name: String, _ labels: [(String, String)] = [], _ value: Double) {
    out.append(utf8: name)
    if !labels.isEmpty {
      out.append("{")
      for (place, (label, text)) in labels.enumerated() {
        if place > 0 { out.append(",") }
        out.append(utf8: label)
        out.append("=")
        out.append(jsonString: text)
      }
      out.append("}")
    }
    out.append(" ")
    out.append(json: value)
    out.append("\n")
  }

  package mutating func counter(_ name: String, _ help: String, _ value: some BinaryInteger) {
    family(name, .counter, help)
    sample(name, Double(value))
  }

  package mutating func gauge(_ name: String, _ help: String, _ value: some BinaryInteger) {
    family(name, .gauge, help)
    sample(name, Double(value))
  }

  private mutating func sample(_ name: String, _ value: Double) { sample(name, [], value) }

  /// Writes a histogram of durations.
  ///
  /// - Parameters:
  ///   - bounds: upper bounds in nanoseconds, ascending.
  ///   - counts: by bucket, one more than there are bounds.
  package mutating func histogram(
    _ name: String, _ help: String, bounds: [UInt64], counts: [UInt64], sum: UInt64
  ) {
    family(name, .histogram, help)
    var total: UInt64 = 0
    for (place, count) in counts.enumerated() {
      total += count
      let bound = place < bounds.count ? "\(Double(bounds[place]) / 1e9)" : "+Inf"
      sample(name + "_bucket", [("le", bound)], Double(total))
    }
    sample(name + "_sum", Double(sum) / 1e9)
    sample(name + "_count", Double(total))
  }

  package consuming func finish() -> SharedBytes { SharedBytes(taking: out) }
}
