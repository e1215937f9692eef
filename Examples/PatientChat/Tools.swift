import SignalboxLLM

/// A patient's record.
struct Patient: Codable, Sendable {
  var name: String
  var born: String
  var diagnoses: [String]
  var medication: [String]
}

/// The clinic's records: two patients who do not exist.
enum Records {
  private static let patients = [
    Patient(
      name: "Quintin Cole", born: "1961-04-02", diagnoses: ["essential hypertension", "atrial fibrillation"],
      medication: ["warfarin", "metoprolol", "ibuprofen"]),
    Patient(
      name: "Ada Nowak", born: "1988-11-23", diagnoses: ["migraine"], medication: ["sumatriptan"]),
  ]

  struct Arguments: Codable, Sendable { var name: String }

  static let fetch = Tool(
    "fetch_patient_data", "Reads a patient's record: date of birth, diagnoses, medication",
    parameters: ["name": "First name and surname"]
  ) { (arguments: Arguments, tool) in
    tool.progress(0.5, "searching the records")
    let wanted = arguments.name.lowercased()
    guard let patient = patients.first(where: { $0.name.lowercased() == wanted }) else {
      throw ToolError("there is no patient called \(arguments.name)")
    }
    return patient
  }
}

/// Which drugs do not go together; a handful, for show.
enum Interactions {
  private static let known: [(Set<String>, String)] = [
    (["warfarin", "ibuprofen"], "raises the risk of bleeding"),
    (["metoprolol", "verapamil"], "can slow the heart too much"),
  ]

  struct Arguments: Codable, Sendable { var drugs: [String] }

  struct Finding: Codable, Sendable {
    var drugs: [String]
    var effect: String
  }

  static let check = Tool(
    "check_interactions", "Says which of some drugs do not go together, and why",
    parameters: ["drugs": "Names of substances, lower-case"]
  ) { (arguments: Arguments, _) in
    let given = Set(arguments.drugs.map { $0.lowercased() })
    return known.filter { $0.0.isSubset(of: given) }.map { Finding(drugs: $0.0.sorted(), effect: $0.1) }
  }
}
