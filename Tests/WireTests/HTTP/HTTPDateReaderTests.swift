import Testing
import Wire

struct HTTPDateReaderTests {
  @Test(arguments: [
    "Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
  ])
  func readsTheThreeFormsOfRFC9110(_ text: String) {
    #expect(Timestamp(httpDate: text)?.nanoseconds == 784_111_777_000_000_000)
  }

  @Test(arguments: [0, 951_782_400, 1_795_253_400, 4_102_444_799])
  func readsWhatIsWritten(_ seconds: Int) {
    var writer = ByteWriter()
    writer.append(httpDate: seconds)
    #expect(Timestamp(httpDate: writer.string)?.nanoseconds == Int64(seconds) * 1_000_000_000)
  }

  @Test(arguments: [
    "", "soon", "120", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 CET",
    "Sun, 32 Nov 1994 08:49:37 GMT", "Sun, 06 Nob 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
    "Sun, 06 Nov 1994 08:49 GMT", "Sun, 06 Nov 99999 08:49:37 GMT",
  ])
  func refusesAnythingElse(_ text: String) { #expect(Timestamp(httpDate: text) == nil) }
}
