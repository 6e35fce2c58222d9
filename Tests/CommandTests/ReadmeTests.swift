import Foundation
import TestSupport
import Testing

@Suite struct ReadmeTests {
  @Test func everyPathInTheReadmeExists() throws {
    let text = try String(contentsOfFile: "\(Package.root)/README.md", encoding: .utf8)
    let names = text.matches(
      of: /`((?:Sources|Tests|Documentation|Scripts|Examples|Models|Worlds|[A-Z]+\.md)[^` *]*)`/)
    #expect(names.count > 10)
    for match in names where !match.output.1.contains("...") {
      #expect(Package.exists("\(Package.root)/\(match.output.1)"), "\(match.output.1) is missing")
    }
  }
}
