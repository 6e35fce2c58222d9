import Foundation
import Streaming
import TestSupport
import Testing

@Suite(
  .timeLimit(.minutes(2)), .serialized,
  .enabled(if: WebDriver.isInstalled, "There is no chromedriver; install chromium-driver"))
struct BrowserTests {
  /// What is on the canvas, in a few numbers.
  private static let picture = """
    Array.from(document.getElementById("glow").getContext("2d")
      .getImageData(0, 0, 32, 18).data).filter((_, i) => i % 4 === 0)
    """

  @Test func aPersonWalksAndTurns() async throws {
    try await serving {
      FloorWalk()
    } _: { port in
      try await WebDriver.browsing { browser in
        try await browser.open("http://127.0.0.1:\(port)/")
        try await browser.wait(for: "window.rtfm && rtfm.frames > 0")
        #expect(try await browser.value("document.title") == #""a \"floor\"""#)
        #expect(try await browser.number("rtfm.keyframes") == 12)
        try keep(try await browser.screenshot(), "before")

        let start = try await browser.value(Self.picture)
        let z = try await browser.number("rtfm.pose.position[2]")
        var begun = ContinuousClock.now
        try await browser.keyDown("w")
        try await Task.sleep(for: .seconds(2))
        #expect(try await browser.number("rtfm.fps") > 1)
        #expect(try await browser.number("rtfm.latency") > 0)
        try await browser.keyUp("w")
        let walked = try await browser.number("rtfm.pose.position[2]") - z
        // However long a busy machine took to press and to let go.
        let held = (ContinuousClock.now - begun) / .seconds(1)
        #expect(walked > 2.5 && walked < 2 * held + 1, "2 units a second for \(held) seconds")
        #expect(try await browser.value(Self.picture) != start)

        let heading = try await browser.number("rtfm.heading")
        begun = .now
        try await browser.keyDown(WebDriver.Key.right)
        try await Task.sleep(for: .milliseconds(500))
        try await browser.keyUp(WebDriver.Key.right)
        try await browser.wait(for: "rtfm.heading > \(heading) + 0.3")
        try await Task.sleep(for: .milliseconds(300))
        let turned = try await browser.number("rtfm.heading")
        let turning = (ContinuousClock.now - begun) / .seconds(1)
        #expect(turned - heading < 1.7 * turning + 0.5, "1.7 radians a second for \(turning) s")

        try await browser.drag([(640, 360), (700, 350), (840, 330)])
        try await browser.wait(for: "rtfm.heading > \(turned) + 0.3")
        try keep(try await browser.screenshot(), "after")

        try await browser.keyDown("r")
        try await browser.keyUp("r")
        try await browser.wait(
          for: "Math.abs(rtfm.pose.position[2] - \(z)) + Math.abs(rtfm.heading) < 1e-6")
        // Of the keyframes on the map, number 6 is the nearest, 1 unit ahead.
        _ = try await browser.value("document.exitPointerLock()")
        try await browser.wait(for: "document.pointerLockElement === null")
        let map = "document.getElementById('map').getBoundingClientRect()"
        let middle = (
          Int(try await browser.number("\(map).left + \(map).width / 2")),
          Int(try await browser.number("\(map).top + \(map).height / 2"))
        )
        try await browser.drag([middle])
        try await browser.wait(for: "Math.abs(rtfm.pose.position[2] - \(z) - 1) < 1e-6")
        try await saves(browser)
        #expect(try await browser.value("rtfm.errors") == "[]")
        #expect(try await browser.consoleErrors() == [])
      }
    }
  }

  /// P gives the browser the picture as it came: here, a bitmap of 96 x 54 pixels.
  private func saves(_ browser: WebDriver) async throws {
    _ = try await browser.value(
      """
      (URL.createObjectURL = (blob) => { rtfm.size = blob.size; return "blob:there"; },
        HTMLAnchorElement.prototype.click = function () { rtfm.saved = this.download; })
      """)
    try await browser.keyDown("p")
    try await browser.keyUp("p")
    try await browser.wait(for: "rtfm.saved")
    #expect(try await browser.number("rtfm.size") > 96 * 54 * 3)
    let name = try await browser.value("rtfm.saved")
    #expect(name.contains(#"a \"floor\" "#) && name.hasSuffix(#".jpg""#))
  }

  @Test func whatGoesWrongIsOnThePage() async throws {
    try await serving {
      BrokenWalk()
    } _: { port in
      try await WebDriver.browsing(width: 480, height: 800) { browser in
        try await browser.open("http://127.0.0.1:\(port)/")
        let status = "document.getElementById('status').textContent"
        try await browser.wait(for: "\(status).includes('memory is full')")
        try await browser.wait(for: "\(status).includes('trying again')")
        try keep(try await browser.screenshot(), "broken")
      }
    }
  }

  @Test func aServerThatComesBackIsFoundAgain() async throws {
    try await WebDriver.browsing { browser in
      let (port, pose) = try await serving {
        FloorWalk()
      } _: { port in
        try await browser.open("http://127.0.0.1:\(port)/")
        try await browser.wait(for: "window.rtfm && rtfm.frames > 0")
        for key in ["w", WebDriver.Key.up] { try await browser.keyDown(key) }
        try await browser.wait(for: "rtfm.pose.forward[1] < -0.3 && rtfm.pose.position[2] > 0.3")
        for key in ["w", WebDriver.Key.up] { try await browser.keyUp(key) }
        try await Task.sleep(for: .milliseconds(500))
        return (port, try await browser.value("JSON.stringify(rtfm.pose)"))
      }
      try await browser.wait(
        for: "document.getElementById('status').textContent.includes('trying again')")
      try await serving(port: port) {
        FloorWalk()
      } _: { _ in
        let frames = try await browser.number("rtfm.frames")
        try await browser.wait(for: "rtfm.frames > \(frames)")
        try await browser.wait(for: "JSON.stringify(rtfm.pose) === \(pose)")
      }
    }
  }

  /// Keeps a screenshot where `SCREENSHOTS` says, for a person to look at.
  private func keep(_ png: Data, _ name: String) throws {
    #expect(png.count > 10_000)
    guard let folder = ProcessInfo.processInfo.environment["SCREENSHOTS"] else { return }
    try png.write(to: URL(fileURLWithPath: folder).appendingPathComponent("\(name).png"))
  }
}
