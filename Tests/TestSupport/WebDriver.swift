public import Foundation

/// A browser without a window, driven over W3C WebDriver by `chromedriver`.
///
///     try await WebDriver.browsing { browser in
///       try await browser.open("http://127.0.0.1:8080")
///       try await browser.keyDown("w")
///       let frames = try await browser.number("rtfm.frames")
///     }
public struct WebDriver: Sendable {
  /// What went wrong between the test and the browser.
  public struct Failure: Error, CustomStringConvertible {
    public let description: String
  }

  /// Keys that have no letter, by their WebDriver code points.
  public enum Key {
    public static let left = "\u{E012}"
    public static let up = "\u{E013}"
    public static let right = "\u{E014}"
    public static let down = "\u{E015}"
  }

  private let session: URL

  /// Whether there is a browser to drive; tests that need one are skipped else.
  public static var isInstalled: Bool { path(of: "chromedriver") != nil }

  /// Starts a browser, lends it to the body, and ends it whatever happens.
  public static func browsing<R>(
    width: Int = 1280, height: Int = 720, _ body: (WebDriver) async throws -> R
  ) async throws -> R {
    let driver = try await Chromedriver()
    defer { driver.stop() }
    let browser = try await WebDriver(
      driver: driver.address, profile: driver.folder, width: width, height: height)
    let result: Result<R, any Error>
    do { result = .success(try await body(browser)) } catch { result = .failure(error) }
    _ = try? await browser.send("DELETE", "")
    return try result.get()
  }

  private init(driver: URL, profile: URL, width: Int, height: Int) async throws {
    var options: [String: Any] = [
      "args": [
        "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
        "--disable-crash-reporter", "--disable-breakpad",
        "--window-size=\(width),\(height)", "--user-data-dir=\(profile.path)",
      ]
    ]
    if let chromium = Self.path(of: "chromium") { options["binary"] = chromium }
    let answer = try await Self.send(
      "POST", driver.appendingPathComponent("session"),
      [
        "capabilities": [
          "alwaysMatch": [
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": ["browser": "ALL"],
          ]
        ]
      ])
    guard let id = (answer as? [String: Any])?["sessionId"] as? String else {
      throw Failure(description: "chromedriver gave no session: \(answer)")
    }
    session = driver.appendingPathComponent("session").appendingPathComponent(id)
  }

  // MARK: What a person does

  public func open(_ url: String) async throws { try await send("POST", "url", ["url": url]) }

  public func keyDown(_ key: String) async throws {
    try await act("key", "keyboard", [["type": "keyDown", "value": key]])
  }

  public func keyUp(_ key: String) async throws {
    try await act("key", "keyboard", [["type": "keyUp", "value": key]])
  }

  /// Drags the mouse along points of the window, in CSS pixels.
  public func drag(_ points: [(x: Int, y: Int)]) async throws {
    func move(_ p: (x: Int, y: Int)) -> [String: Any] {
      ["type": "pointerMove", "duration": 50, "x": p.x, "y": p.y]
    }
    let down: [String: Any] = ["type": "pointerDown", "button": 0]
    let up: [String: Any] = ["type": "pointerUp", "button": 0]
    try await act(
      "pointer", "mouse", [move(points[0]), down] + points.dropFirst().map(move) + [up])
  }

  private func act(_ type: String, _ id: String, _ actions: [[String: Any]]) async throws {
    try await send("POST", "actions", ["actions": [["type": type, "id": id, "actions": actions]]])
  }

  // MARK: What a person sees

  /// The value of a JavaScript expression, as JSON text.
  public func value(_ expression: String) async throws -> String {
    let script = "return JSON.stringify(\(expression)) ?? 'null'"
    let answer = try await send("POST", "execute/sync", ["script": script, "args": [Any]()])
    return answer as? String ?? "null"
  }

  /// The value of a JavaScript expression that is a number.
  public func number(_ expression: String) async throws -> Double {
    let text = try await value(expression)
    guard let number = Double(text) else {
      throw Failure(description: "\(expression) is \(text), not a number")
    }
    return number
  }

  /// Waits until a JavaScript expression is true.
  public func wait(
    for expression: String, timeout: Duration = .seconds(20)
  ) async throws {
    let end = ContinuousClock.now + timeout
    while try await value("Boolean(\(expression))") != "true" {
      guard .now < end else {
        throw Failure(description: "\(expression) did not come true in \(timeout)")
      }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  /// The window as a PNG.
  public func screenshot() async throws -> Data {
    guard let text = try await send("GET", "screenshot") as? String,
      let data = Data(base64Encoded: text)
    else { throw Failure(description: "chromedriver gave no screenshot") }
    return data
  }

  /// What the console says that is an error: exceptions, refused loads, broken connections.
  public func consoleErrors() async throws -> [String] {
    let entries = try await send("POST", "se/log", ["type": "browser"]) as? [[String: Any]] ?? []
    return entries.filter { $0["level"] as? String == "SEVERE" }
      .map { $0["message"] as? String ?? "?" }
  }

  // MARK: The protocol

  @discardableResult
  private func send(_ method: String, _ path: String, _ body: [String: Any]? = nil) async throws
    -> Any
  {
    try await Self.send(
      method, path.isEmpty ? session : session.appendingPathComponent(path), body)
  }

  private static func send(
    _ method: String, _ url: URL, _ body: [String: Any]? = nil
  ) async throws -> Any {
    let content = try body.map { try JSONSerialization.data(withJSONObject: $0) } ?? Data()
    let data = try await LocalHTTP.send(method, url, content)
    let answer = try JSONSerialization.jsonObject(with: data) as? [String: Any] ?? [:]
    let value = answer["value"] ?? NSNull()
    if let failed = value as? [String: Any], let error = failed["error"] as? String {
      throw Failure(description: "\(method) \(url.path): \(error): \(failed["message"] ?? "")")
    }
    return value
  }

  fileprivate static func path(of program: String) -> String? {
    (ProcessInfo.processInfo.environment["PATH"] ?? "/usr/local/bin:/usr/bin").split(separator: ":")
      .map { "\($0)/\(program)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}

/// HTTP to a port of this machine, one connection a request.
///
/// Linux's URLSession stumbles over the header lines of chromedriver ("Failed writing header").
private enum LocalHTTP {
  /// The body of the answer.
  static func send(_ method: String, _ url: URL, _ content: Data) async throws -> Data {
    try await withCheckedThrowingContinuation { continuation in
      // What blocks has a thread of its own.
      Thread.detachNewThread {
        continuation.resume(with: Result { try exchange(method, url, content) })
      }
    }
  }

  private static func exchange(_ method: String, _ url: URL, _ content: Data) throws -> Data {
    let descriptor = try connection(port: url.port ?? 80)
    defer { close(descriptor) }
    let head = [
      "\(method) \(url.path) HTTP/1.1", "Host: 127.0.0.1:\(url.port ?? 80)",
      "Content-Type: application/json", "Content-Length: \(content.count)", "", "",
    ]
    let request = Data(head.joined(separator: "\r\n").utf8) + content
    try FileHandle(fileDescriptor: descriptor).write(contentsOf: request)
    return try body(of: descriptor)
  }

  private static func connection(port: Int) throws -> Int32 {
    #if canImport(Glibc)
      let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    #else
      let descriptor = socket(AF_INET, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(UInt16(port).bigEndian)
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(descriptor)
      throw WebDriver.Failure(description: "Nothing listens on port \(port)")
    }
    return descriptor
  }

  private static func body(of descriptor: Int32) throws -> Data {
    var answer = Data()
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      if let end = answer.firstRange(of: Data("\r\n\r\n".utf8)) {
        let head = String(decoding: answer[..<end.lowerBound], as: UTF8.self).lowercased()
        let count = head.firstMatch(of: /content-length: *(\d+)/).flatMap { Int($0.1) } ?? 0
        if answer.count >= end.upperBound + count {
          return answer[end.upperBound..<end.upperBound + count]
        }
      }
      let count = read(descriptor, &piece, piece.count)
      guard count > 0 else { throw WebDriver.Failure(description: "chromedriver hung up") }
      answer += piece[..<count]
    }
  }
}

/// A running `chromedriver`, with a folder of its own for all that the browser writes.
///
/// It hangs on a pipe: if the test dies, the pipe closes, and a shell ends what it started.
private final class Chromedriver: Sendable {
  let address: URL
  let folder: URL
  private let process: Process
  private let leash: Pipe

  /// `Process` gives the shell a group of its own, and the browser's processes stay in it.
  private static let script = """
    "$0" --port=0 &
    read -r end
    kill -9 0
    """

  init() async throws {
    guard let program = WebDriver.path(of: "chromedriver") else {
      throw WebDriver.Failure(description: "There is no chromedriver; install chromium-driver")
    }
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("browser-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    (process, leash) = (Process(), Pipe())
    let output = Pipe()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", Self.script, program]
    process.standardInput = leash
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    try process.run()
    guard let port = Self.port(in: output.fileHandleForReading) else {
      try? leash.fileHandleForWriting.close()
      throw WebDriver.Failure(description: "chromedriver did not say which port it listens on")
    }
    address = URL(string: "http://127.0.0.1:\(port)")!
  }

  /// From "ChromeDriver was started successfully on port 12345."
  private static func port(in output: FileHandle) -> Int? {
    var text = ""
    while true {
      let data = output.availableData
      if data.isEmpty { return nil }
      text += String(decoding: data, as: UTF8.self)
      if let match = text.firstMatch(of: /on port (\d+)\./) { return Int(match.1) }
    }
  }

  func stop() {
    try? leash.fileHandleForWriting.close()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }
}
