import Signalbox
import SignalboxLLM
import Testing

struct TokenEstimatorTests {
  @Test(arguments: [
    ("openai", 4.0, 0.75), ("azure", 4.0, 0.75), ("anthropic", 3.5, 0.70), ("xai", 4.2, 0.65),
    ("somebody", 4.0, 0.65),
  ])
  func providersHaveTheirRulesOfThumb(_ provider: String, _ characters: Double, _ confidence: Double) {
    let estimator = TokenEstimator(provider: provider)
    #expect(estimator.charactersPerToken == characters && estimator.confidence == confidence)
    #expect(
      estimator.tokens(in: String(repeating: "word ", count: 840)) == Int64((4200 / characters).rounded(.up)))
    #expect(estimator.usage(input: "aaaa", output: "").provenance == .estimated(confidence: confidence))
  }

  @Test func aTokenizerOfTheModelIsSurer() {
    let estimator = TokenEstimator(provider: "openai") { $0.split(separator: " ").count }
    #expect(estimator.confidence == 0.95)
    #expect(
      estimator.usage(input: "one two three", output: "four")
        == TokenUsage(input: 3, output: 1, provenance: .estimated(confidence: 0.95)))
  }

  @Test func onlyNothingIsNoToken() {
    let estimator = TokenEstimator(provider: "openai")
    #expect(estimator.tokens(in: "") == 0 && estimator.tokens(in: "a") == 1)
  }

  /// The real numbers are those of OpenAI's o200k_base for the same texts; the guess is within a quarter.
  @Test(
    arguments: [
      ("The quick brown fox jumps over the lazy dog, and nobody is surprised any more.", 17),
      ("模型的价格由供应商公布,每百万个词元以美元计算。请在使用前检查。", 23),
      ("この関数は、与えられた文字列のトークン数を推定します。", 22),
      ("이 함수는 주어진 문자열의 토큰 수를 추정합니다.", 15),
      ("Эта функция оценивает количество токенов в заданной строке.", 16),
      ("Η συνάρτηση αυτή εκτιμά τον αριθμό των συμβόλων.", 16),
      ("  func add(_ text: String) {\n    var text = text\n    text.withUTF8 { add($0) }\n  }\n", 28),
      (#"{"id":"c1","choices":[{"index":0,"delta":{"content":"Hi"}}]}"#, 20),
    ] as [(String, Int64)])
  func aGuessIsNearTheTruthInOtherScriptsToo(_ text: String, _ truth: Int64) {
    let guess = TokenEstimator(provider: "openai").tokens(in: text)
    #expect(abs(Double(guess - truth)) <= max(3, Double(truth) * 0.25), "\(guess) for \(truth)")
  }

  @Test func escapedTextCountsAsWhatItMeans() {
    func measure(_ text: String, escaped: Bool) -> TextMeasure {
      var measure = TextMeasure()
      Array(text.utf8).withUnsafeBytes { measure.add($0, escaped: escaped) }
      return measure
    }
    let plain = measure("a\n\"b\\ é 模 😀", escaped: false)
    #expect(plain == measure(#"a\n\"b\\ \u00e9 \u6a21 \ud83d\ude00"#, escaped: true))
    #expect(plain.hundredths == 25 + 35 + 35 + 25 + 35 + 25 + 75 + 25 + 80 + 25 + 120)
    // Whatever is broken counts as something and reads nothing beyond its end.
    for broken in [#"\"#, #"\u12"#, #"\ud83d"#, #"\ud83d\"#, #"\ud83d\u0041"#] {
      #expect(measure(broken, escaped: true).hundredths > 0)
    }
    #expect(
      [0xF0, 0x9F].withUnsafeBytes { bytes in
        var measure = TextMeasure()
        measure.add(bytes)
        return measure.hundredths
      } > 0)
  }

  @Test func textMayComeInPieces() {
    let text = "  Two  spaces, 模型 and 12"
    var whole = TextMeasure()
    whole.add(text)
    var pieces = TextMeasure()
    for character in text { pieces.add(String(character)) }
    #expect(pieces == whole)
  }
}
