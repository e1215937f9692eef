#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// When a database file and its write-ahead log were changed last, and how large they are.
struct FileStamp: Equatable {
  private var numbers: [Int] = []

  init() {}

  init(of path: String) {
    for name in [path, path + "-wal"] {
      var facts = stat()
      guard stat(name, &facts) == 0 else { continue }
      #if canImport(Glibc)
        let changed = facts.st_mtim
      #else
        let changed = facts.st_mtimespec
      #endif
      numbers += [Int(facts.st_size), Int(changed.tv_sec), Int(changed.tv_nsec)]
    }
  }
}
