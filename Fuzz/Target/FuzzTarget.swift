#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

/// The property that `SIGNALBOX_PROPERTY` names; one program serves all of them.
private let property: Property = {
  guard let name = getenv("SIGNALBOX_PROPERTY").map({ String(cString: $0) }), let found = Property.named(name)
  else {
    fatalError("set SIGNALBOX_PROPERTY to one of \(Property.all.map(\.name).joined(separator: " "))")
  }
  return found
}()

/// What libFuzzer calls with every input.
@c(LLVMFuzzerTestOneInput)
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
  property.check(Array(UnsafeBufferPointer(start: start, count: count)))
  return 0
}
