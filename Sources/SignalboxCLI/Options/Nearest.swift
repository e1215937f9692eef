/// Finds what somebody probably meant.
enum Nearest {
  /// The candidate with the fewest typing slips from `word`; nil when even that is far off.
  static func of(_ word: String, in candidates: [String]) -> String? {
    let ranked = candidates.map { (slips: distance(word, $0), candidate: $0) }
    guard let best = ranked.min(by: { $0.slips < $1.slips }) else { return nil }
    let allowed = max(2, min(word.count, best.candidate.count) / 3)
    if best.slips <= allowed { return best.candidate }
    let extending = candidates.filter { word.count > 3 && $0.hasPrefix(word) }
    return extending.count == 1 ? extending[0] : nil
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn one word into the other (optimal
  /// string alignment distance).
  static func distance(_ a: String, _ b: String) -> Int {
    let a = Array(a.unicodeScalars)
    let b = Array(b.unicodeScalars)
    var rows = [[Int]](repeating: [Int](repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { rows[i][0] = i }
    for j in 0...b.count { rows[0][j] = j }
    guard !a.isEmpty, !b.isEmpty else { return max(a.count, b.count) }
    for i in 1...a.count {
      for j in 1...b.count {
        let replaced = rows[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)
        var best = min(rows[i - 1][j] + 1, rows[i][j - 1] + 1, replaced)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          best = min(best, rows[i - 2][j - 2] + 1)
        }
        rows[i][j] = best
      }
    }
    return rows[a.count][b.count]
  }
}
