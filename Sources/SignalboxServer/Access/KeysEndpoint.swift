internal import JSONScan
internal import Net
internal import SignalboxLog
internal import Wire

/// `/v1/keys`: makes, lists and revokes keys. Only for who holds an admin key, or is on the machine itself.
struct KeysEndpoint {
  private let keys: KeyRing

  init(_ keys: KeyRing) { self.keys = keys }

  func serve(_ exchange: HTTPExchange, body: UnsafeRawBufferPointer) {
    switch exchange.head.method {
    case .get: list(exchange)
    case .post: add(exchange, body)
    default:
      exchange.respond(APIError(405, "method_not_allowed", "Keys are listed with GET and made with POST"))
    }
  }

  private func list(_ exchange: HTTPExchange) {
    exchange.respond(json: 200) { writer in
      writer.append("{\"keys\":[")
      for (place, key) in keys.list().enumerated() {
        if place > 0 { writer.append(UInt8(ascii: ",")) }
        writer.append("{\"id\":")
        writer.append(jsonString: key.id)
        writer.append(",\"name\":")
        writer.append(jsonString: key.name)
        writer.append(",\"scopes\":")
        writer.append(scopes: Scope(rawValue: key.scope))
        writer.append(",\"created\":\"")
        writer.append(rfc3339: key.created)
        writer.append("\"}")
      }
      writer.append("]}")
    }
  }

  /// Takes `{"name": "…", "scopes": ["ingest", …]}`.
  private func add(_ exchange: HTTPExchange, _ body: UnsafeRawBufferPointer) {
    do throws(APIError) {
      let (name, scope) = try Self.parse(body)
      let made: (id: String, key: String)
      do { made = try keys.add(name: name, scope: scope) } catch {
        throw APIError(500, "not_stored", error.message)
      }
      exchange.respond(json: 201) { writer in
        writer.append("{\"id\":")
        writer.append(jsonString: made.id)
        writer.append(",\"name\":")
        writer.append(jsonString: name)
        writer.append(",\"key\":")
        writer.append(jsonString: made.key)
        writer.append(",\"scopes\":")
        writer.append(scopes: scope)
        writer.append("}")
      }
    } catch {
      exchange.respond(error)
    }
  }

  private static func parse(_ body: UnsafeRawBufferPointer) throws(APIError) -> (name: String, scope: Scope) {
    let root: JSONValueView
    let parser = JSONParser()
    do { root = try parser.scan(copying: body).root } catch {
      throw APIError(
        400, "invalid_json", "The body is not JSON: \(error.message)",
        hint: "{\"name\": \"ci\", \"scopes\": [\"ingest\"]}")
    }
    guard let name = root["name"]?.string, 1...64 ~= name.utf8.count else {
      throw APIError(400, "invalid_key", "A key has a name of 1 to 64 bytes", field: "name")
    }
    var names: [String] = []
    root["scopes"]?.forEachElement { names.append($0.string ?? "?") }
    guard let scope = Scope(names: names.joined(separator: ",")) else {
      throw APIError(
        400, "invalid_key", "Scopes are a list of ingest, read, gateway, tokens and admin", field: "scopes",
        hint: "\"scopes\": [\"ingest\"]")
    }
    return (name, scope)
  }

  /// `DELETE /v1/keys/{id}`.
  func revoke(_ id: String, _ exchange: HTTPExchange) {
    guard exchange.head.method == .delete else {
      return exchange.respond(APIError(405, "method_not_allowed", "A key is revoked with DELETE"))
    }
    do throws(LogError) {
      if try keys.revoke(id: id) {
        exchange.respond(json: 200) { $0.append("{\"revoked\":true}") }
      } else {
        exchange.respond(
          APIError(404, "not_found", "There is no key \(id)", hint: "List them with: signalbox keys list"))
      }
    } catch {
      exchange.respond(APIError(500, "not_stored", error.message))
    }
  }
}

extension ByteWriter {
  fileprivate mutating func append(scopes scope: Scope) {
    append("[")
    for (place, name) in scope.list.enumerated() {
      if place > 0 { append(UInt8(ascii: ",")) }
      append(jsonString: name)
    }
    append("]")
  }
}
