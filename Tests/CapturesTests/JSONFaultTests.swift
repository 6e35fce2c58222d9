import Testing

@testable import Captures

struct JSONFaultTests {
  @Test(arguments: [
    ("{\"a\": [1, 2,, 3]}", "line 1, column 13, at \", 3]}\""),
    ("{\n  \"a\": 1\n  \"b\": 2\n}", "line 3, column 3, at \"\"b\": 2\""),
    ("[1, 2", "line 1, column 6, at its end"),
    ("", "line 1, column 1, at its end"),
    ("{\"a\" 1}", "line 1, column 6, at \"1}\""),
    ("[1] x", "line 1, column 5, at \"x\""),
    ("[\"a\nb\"]", "line 1, column 4, at its end"),
    ("[\"a\\", "line 1, column 5, at its end"),
    ("[1.2.3]", "line 1, column 2, at \"1.2.3]\""), ("[7, NaN]", "line 1, column 5, at \"NaN]\""),
    ("{a: 1}", "line 1, column 2, at \"a: 1}\""),
    (String(repeating: "[", count: 100_000), "line 1, column 513, at \"[[[[[[[[[[[[\""),
  ])
  func findsThePlace(_ text: String, _ place: String) {
    #expect(jsonFault(in: Array(text.utf8)) == place)
  }

  @Test(arguments: [
    "{}", "[]", " [1, -2.5e-3, true, null, \"a\\\"b\\\\\", {\"k\": [0, 1E+2]}] \n", "7",
  ])
  func findsNothingInWhatIsFine(_ text: String) {
    #expect(jsonFault(in: Array(text.utf8)) == nil)
  }
}
