import Foundation
import TestSupport
import Testing

/// The real program in a real browser: the bundled world, the bundled model.
@Suite(
  .timeLimit(.minutes(3)),
  .enabled(if: WebDriver.isInstalled, "there is no chromedriver; install chromium-driver"))
struct WalkingTests {
  @Test func aPersonWalksThroughTheBundledWorld() async throws {
    let explore = Program.process(["explore", "--port", "0"])
    let pipe = Pipe()
    explore.standardError = pipe
    explore.standardOutput = FileHandle.nullDevice
    try explore.run()
    defer { explore.terminate() }
    let said = pipe.text(until: "http:")
    let address = try #require(said.firstMatch(of: /http:[^ ]+/), "said: \(said)").output

    try await WebDriver.browsing { browser in
      try await browser.open(String(address))
      try await browser.wait(for: "window.rtfm && rtfm.frames > 0")
      let before = try await browser.screenshot()
      let start = try await browser.position()

      try await browser.keyDown("w")
      try await Task.sleep(for: .seconds(2))
      try await browser.keyUp("w")
      let walked = try await browser.position()
      let distance = zip(start, walked).map { ($0 - $1) * ($0 - $1) }.reduce(0, +).squareRoot()
      #expect(distance > 0.5, "two seconds at 1.4 metres a second")

      let heading = try await browser.number("rtfm.heading")
      try await browser.keyDown(WebDriver.Key.right)
      try await Task.sleep(for: .milliseconds(500))
      try await browser.keyUp(WebDriver.Key.right)
      try await browser.wait(for: "Math.abs(rtfm.heading - \(heading)) > 0.2")
      // Who stands still sees it become sharper: the picture grows.
      try await browser.wait(for: "document.getElementById('view').width > 128")
      let after = try await browser.screenshot()
      #expect(before != after)
      #expect(try await browser.number("rtfm.keyframes") >= 8)
      #expect(try await browser.value("rtfm.errors") == "[]")
      #expect(try await browser.consoleErrors() == [])
      try keep(after)
    }
  }

  /// Keeps the screenshot where `SCREENSHOTS` says, for a person to look at.
  private func keep(_ png: Data) throws {
    guard let folder = ProcessInfo.processInfo.environment["SCREENSHOTS"] else { return }
    try png.write(to: URL(fileURLWithPath: folder).appendingPathComponent("explore.png"))
  }
}

extension WebDriver {
  fileprivate func position() async throws -> [Double] {
    var result: [Double] = []
    for i in 0..<3 { result.append(try await number("rtfm.pose.position[\(i)]")) }
    return result
  }
}
