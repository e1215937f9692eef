internal import JSONScan
package import Wire

/// Writes stored events in the form of their reader. Confined to one thread at a time: its buffers are reused.
package final class EventFramer {
  private lazy var parser = JSONParser()
  private var json = ByteWriter(capacity: 512)

  package init() {}

  /// Writes an event; false when its form has nothing to say of it. A dialect's options say what it shows; of the other
  /// forms `view` does.
  package func append(
    _ slot: EventSlot, in bytes: UnsafeRawBufferPointer, at position: Position, as format: EventFormat,
    view: EventView = .full, to out: inout ByteWriter
  ) -> Bool {
    guard case .dialect(let dialect) = format else {
      out.append(slot, of: bytes, at: position, as: format, view: view)
      return true
    }
    let event = DialectEvent(
      slot: slot, bytes: bytes, position: position, options: dialect.options, parser: parser)
    json.truncate(to: 0)
    let isSaid =
      switch dialect.kind {
      case .chain: ChainFrames.write(event, to: &json)
      case .session: SessionFrames.write(event, to: &json)
      case .simWorks, .simWorksStream: SimWorksFrames.write(event, to: &json)
      }
    guard isSaid else { return false }
    if dialect.kind == .simWorksStream {
      out.append("id: ")
      out.append(position)
      out.append("\ndata: ")
      out.append(json.raw)
      out.append("\n\n")
    } else {
      out.append(webSocketHead: .text, count: json.count)
      out.append(json.raw)
    }
    return true
  }
}
