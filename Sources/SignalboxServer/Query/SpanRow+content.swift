internal import Signalbox
internal import SignalboxLog
internal import Wire

extension SpanRow {
  /// The row as those may see it who see no content: without the words of an application's own, as in its events.
  var withoutContent: SpanRow {
    var row = self
    row.name = nil
    row.message = nil
    var data = JSONObject()
    data["reason"] = reason.map { .string($0) }
    data["usage"] = usage.flatMap { try? JSONValue(parsing: $0) }
    let kept = EventMetadata.of(data)
    row.reason = kept?["reason"]?.string
    row.usage = kept?["usage"].map { usage in
      var writer = ByteWriter(capacity: 256)
      writer.append(json: usage)
      return writer.string
    }
    return row
  }
}
