extension HTTPError {
  /// The error as our API tells it: `{"error":{"code":…,"message":…}}`.
  package var json: String {
    var writer = ByteWriter()
    writer.append("{\"error\":{\"code\":")
    writer.append(jsonString: code)
    writer.append(",\"message\":")
    writer.append(jsonString: message)
    writer.append("}}")
    return writer.string
  }

  /// The status's reason as an identifier, e.g. `content_too_large`.
  package var code: String {
    HTTPStatus.reason(status).description.lowercased().split(separator: " ").joined(separator: "_")
  }
}
