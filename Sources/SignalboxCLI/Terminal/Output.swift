#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// What the program prints, written at once and whole.
enum Output {
  /// Writes to standard output; when its reader has gone, the program ends quietly.
  static func text(_ text: String) {
    if !put(text, to: STDOUT_FILENO) { exit(0) }
  }

  static func line(_ text: String) { Output.text(text + "\n") }

  /// Writes `signalbox: …` to standard error.
  static func complain(_ text: String) { _ = put("signalbox: \(text)\n", to: STDERR_FILENO) }

  /// Writes a line to standard error, for words that are not the command's result.
  static func remark(_ text: String) { _ = put(text + "\n", to: STDERR_FILENO) }

  private static func put(_ text: String, to descriptor: Int32) -> Bool {
    var text = text
    return text.withUTF8 { bytes in
      var done = 0
      while done < bytes.count {
        let count = write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count > 0 {
          done += count
        } else if errno == EAGAIN {
          var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
          poll(&ready, 1, -1)
        } else if errno != EINTR {
          return false
        }
      }
      return true
    }
  }
}
