#if canImport(Glibc)
  import Glibc

  /// Stands in for the C library's `malloc`, so that the calls can be counted; of one thread, as the benchmark is.
  @c(malloc)
  func countingMalloc(_ size: Int) -> UnsafeMutableRawPointer? {
    Counter.allocations &+= 1
    return libcMalloc(size)
  }

  @_silgen_name("__libc_malloc")
  private func libcMalloc(_ size: Int) -> UnsafeMutableRawPointer?

  private enum Counter {
    /// Unsafe: the benchmark has one thread.
    nonisolated(unsafe) static var allocations = 0
  }

  /// Calls of `malloc` so far.
  func allocations() -> Int { Counter.allocations }
#else
  /// Not counted on this platform.
  func allocations() -> Int { 0 }
#endif
