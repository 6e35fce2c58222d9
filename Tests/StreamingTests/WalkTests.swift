import Scene
import Synchronization
import Testing

@testable import Streaming

@Suite(.timeLimit(.minutes(1))) struct WalkTests {
  @Test func aFrameComesWithItsHeaderMapAndTitle() async throws {
    let walk = BrighteningWalk()
    try await walking(walk) { client in
      #expect(try await client.next().text == #"{"title":"a \"floor\""}"#)
      #expect(try await client.next().text == #"{"keyframes":[[5,0.0,0.0,0.0]]}"#)
      let message = try await client.next()
      let header = try #require(FrameHeader(decoding: message.payload))
      #expect(message.opcode == 2)
      #expect(header.id == 1)
      #expect(header.width == 1)
      #expect(header.keyframes == 1)
      #expect(header.context == [5])
      #expect(header.times.network == 2)
      #expect(message.payload.count == header.encodedSize + 1)
    }
  }

  @Test func aWarningIsSaidOnceAndTakenBack() async throws {
    try await walking(BrighteningWalk(warnings: [2: "the disk is full", 3: "the disk is full"])) {
      client in
      var said: [String] = []
      for seq in 1...5 {
        while case let message = try await client.next(), message.opcode != 2 {
          if message.text.contains("warning") { said.append("\(seq) \(message.text)") }
        }
        try await client.say(seq, move: [0, 0, 1], seen: seq)
      }
      #expect(said == [#"2 {"warning":"the disk is full"}"#, #"4 {"warning":""}"#])
    }
  }

  @Test func inputMovesTheViewerAndBrightensThePicture() async throws {
    try await walking(BrighteningWalk()) { client in
      var seen = 0
      var last = try await client.next(2).payload
      for seq in 1...20 {
        seen += 1
        try await client.say(
          seq, move: [0, 0, 1], turn: seq == 1 ? [0.25, 0] : [0, 0], seen: seen)
        last = try await client.next(2).payload
      }
      let header = try #require(FrameHeader(decoding: last))
      #expect(header.applied == 20)
      #expect(header.id == 21)
      #expect(abs(header.place.heading - 0.25) < 1e-5)
      #expect(header.pose.position.z > 0.2)
      #expect(header.pose.position.x > 0.05, "turned right, then walked")
      #expect(last.last! > 20, "brighter")
    }
  }

  @Test(arguments: 1...3) func aSlowClientHoldsUpItsOwnFramesOnly(window: Int) async throws {
    let walk = BrighteningWalk(size: 60_000)
    var limits = ExploreServer.Limits()
    limits.framesUnderWay = window
    try await walking(limits: limits, walk) { client in
      for seq in 1...200 {
        try await client.say(seq, move: [0, 0, 1])
        try await Task.sleep(for: .milliseconds(2))
      }
      #expect(walk.count == window)
      let first = try await client.next(2)
      try await client.say(201, move: [0, 0, 1], seen: 1)
      for _ in 0..<window { _ = try await client.next(2) }
      #expect(walk.count == window + 1)
      #expect(FrameHeader(decoding: first.payload)?.id == 1)
    }
  }

  @Test func aClientThatOnlySaysItReadsDoesNotFillTheMemory() async throws {
    let walk = BrighteningWalk(size: 4_000_000)
    try await walking(walk) { client in
      for seq in 1...200 {
        try await client.say(seq, move: [0, 0, 1], seen: seq)
        try await Task.sleep(for: .milliseconds(2))
      }
      // What the system's socket buffers take, and one that waits.
      #expect(walk.count < 8)
    }
  }

  @Test func restsWhenNothingHappens() async throws {
    let walk = BrighteningWalk()
    try await walking(walk) { client in
      let start = ContinuousClock.now
      var frames = 0
      while start.duration(to: .now) < .seconds(2) {
        frames += 1
        guard let message = try? await client.next(2) else { break }
        let id = try #require(FrameHeader(decoding: message.payload)).id
        try await client.say(frames, seen: Int(id))
        if start.duration(to: .now) > .milliseconds(950) { break }
      }
      #expect(frames > 10)
      try await Task.sleep(for: .milliseconds(300))
      let count = walk.count
      try await Task.sleep(for: .milliseconds(300))
      #expect(walk.count == count)
      #expect(count <= 62)
    }
  }

  @Test func pingsAreAnsweredBetweenThePiecesOfAMessage() async throws {
    let walk = BrighteningWalk()
    try await walking(walk) { client in
      _ = try await client.next(2)
      let text = Array(#"{"v":1,"seq":77,"move":[0,0,1],"turn":[0,0],"seen":1}"#.utf8)
      try await client.send(RawClient.frame(1, Array(text[..<10]), isFinal: false))
      try await client.send(RawClient.frame(9, [1, 2, 3]))
      try await client.send(RawClient.frame(0, Array(text[10..<20]), isFinal: false))
      try await client.send(RawClient.frame(0, Array(text[20...])))
      #expect(try await client.next(10).payload == [1, 2, 3])
      #expect(try await FrameHeader(decoding: client.next(2).payload)?.applied == 77)
      try await client.send(RawClient.frame(8, [0x03, 0xE8]))
      #expect(try await client.next(8).code == 1000)
      await #expect(throws: RawClient.Failure.closed) { try await client.next() }
    }
  }

  static let bad: [(name: String, bytes: [UInt8], code: Int)] = [
    ("no JSON", RawClient.frame(1, Array("hello".utf8)), 1007),
    ("no UTF-8", RawClient.frame(1, [0xFF, 0xFE, 0x7B]), 1007),
    ("empty", RawClient.frame(1, []), 1007),
    (
      "version", RawClient.frame(1, Array(#"{"v":9,"seq":1,"move":[0,0,0],"turn":[0,0]}"#.utf8)),
      1008
    ),
    ("binary", RawClient.frame(2, [1, 2, 3]), 1003),
    ("not masked", RawClient.frame(1, Array("{}".utf8), isMasked: false), 1002),
    ("unknown opcode", RawClient.frame(5, [1]), 1002),
    ("reserved bit", RawClient.frame(0x41, [1]), 1002),
    ("continues nothing", RawClient.frame(0, [1]), 1002),
    (
      "two beginnings",
      RawClient.frame(1, [0x7B], isFinal: false) + RawClient.frame(1, [0x7D]), 1002
    ),
    ("huge", RawClient.frame(1, Array(repeating: 0x20, count: 70_000)), 1009),
    ("says it is huge", [0x81, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 1009),
    (
      "huge in pieces",
      (0..<3).flatMap {
        RawClient.frame($0 == 0 ? 1 : 0, Array(repeating: 0x20, count: 30_000), isFinal: false)
      }, 1009
    ),
    ("long ping", RawClient.frame(9, Array(repeating: 0, count: 126)), 1002),
    ("ping in pieces", RawClient.frame(9, [1], isFinal: false), 1002),
  ]

  @Test(arguments: bad) func badInputIsSentAwayWithItsCode(
    _ bad: (name: String, bytes: [UInt8], code: Int)
  ) async throws {
    try await walking(BrighteningWalk()) { client in
      _ = try await client.next(2)
      try await client.send(bad.bytes)
      #expect(try await client.next(8).code == bad.code, "\(bad.name)")
    }
  }

  @Test func garbageOfEveryKindLeavesTheServerStanding() async throws {
    var random = SystemRandomNumberGenerator()
    let garbage = (0..<40).map { _ in
      (0..<Int.random(in: 1...300, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
    }
    try await serving {
      BrighteningWalk()
    } _: { port in
      for bytes in garbage {
        let client = try RawClient(port: port)
        try await client.upgrade()
        try? await client.send(bytes)
        client.close()
      }
      let client = try RawClient(port: port)
      defer { client.close() }
      try await client.upgrade()
      #expect(try await client.next(2).opcode == 2)
    }
  }

  @Test func aWalkThatFailsSaysWhy() async throws {
    try await walking(BrokenWalk()) { client in
      _ = try await client.next()
      #expect(try await client.next().text.contains("memory is full"))
      let last = try await client.next()
      #expect(last.code == 1011)
      #expect(last.text.contains("smaller model"))
    }
  }

  @Test func viewersWalkEachForThemselves() async throws {
    try await serving {
      BrighteningWalk()
    } _: { port in
      try await withThrowingTaskGroup(of: (Int, Double).self) { group in
        for n in 0..<4 {
          group.addTask { try await (n, Self.walk(port, steps: n * 5)) }
        }
        let reached = try await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        #expect(reached[0] == 0)
        for n in 1..<4 { #expect(abs(reached[n]! - 0.5 * Double(n)) < 1e-9) }
      }
    }
  }

  /// How far a viewer gets.
  private static func walk(_ port: Int, steps: Int) async throws -> Double {
    let client = try RawClient(port: port)
    defer { client.close() }
    try await client.upgrade()
    var last = try await client.next(2)
    for n in 0..<steps {
      try await client.say(n + 1, move: [0, 0, 1], seen: n + 1, seconds: 0.1)
      last = try await client.next(2)
    }
    return FrameHeader(decoding: last.payload)?.pose.position.z ?? .nan
  }

  @Test func whenAllPlacesAreTakenTheNextIsAskedToComeBack() async throws {
    var limits = ExploreServer.Limits()
    limits.viewers = 2
    try await serving(limits: limits) {
      BrighteningWalk()
    } _: { port in
      let first = try (0..<2).map { _ in try RawClient(port: port) }
      for client in first {
        try await client.upgrade()
        _ = try await client.next(2)
      }
      let third = try RawClient(port: port)
      defer { third.close() }
      try await third.upgrade()
      #expect(try await third.next().text.contains("All 2 places are taken"))
      #expect(try await third.next(8).code == 1013)
      for client in first { client.close() }
      #expect(
        try await Self.eventually { try await Self.walk(port, steps: 1) > 0 },
        "places are free again")
    }
  }

  private static func eventually(_ isDone: () async throws -> Bool) async throws -> Bool {
    for _ in 0..<50 {
      if let done = try? await isDone(), done { return true }
      try await Task.sleep(for: .milliseconds(50))
    }
    return false
  }

  @Test func whoGivesNoSignOfLifeIsGone() async throws {
    var limits = ExploreServer.Limits()
    limits.heartbeat = .milliseconds(50)
    try await walking(limits: limits, BrighteningWalk()) { client in
      _ = try await client.next(2)
      #expect(try await client.next(9).payload == [], "a ping")
      await #expect(throws: RawClient.Failure.closed) { while true { _ = try await client.next() } }
    }
  }

  @Test(arguments: [
    ("127.0.0.1", "http://evil.example", "403 Forbidden"),
    ("evil.example", nil, "421 Misdirected Request"),
  ])
  func pagesOfOtherSitesDoNotGetIn(host: String, origin: String?, answer: String) async throws {
    try await serving {
      BrighteningWalk()
    } _: { port in
      let client = try RawClient(port: port)
      defer { client.close() }
      await #expect(throws: RawClient.Failure.refused("HTTP/1.1 \(answer)")) {
        try await client.upgrade(host: host, origin: origin)
      }
      let own = try RawClient(port: port)
      defer { own.close() }
      try await own.upgrade(origin: "http://127.0.0.1")
    }
  }

  /// Who asks for what there is not gets what there is: a proxy's offer of HTTP/2, an older WebSocket.
  @Test(arguments: [
    ("/", "h2c", "13", "200 OK"), ("/nowhere", "websocket", "13", "404 Not Found"),
    ("/walk", "websocket", "8", "426 Upgrade Required"),
    ("/walk", "h2c", "13", "426 Upgrade Required"),
  ])
  func otherUpgradesAreAnswered(path: String, kind: String, version: String, status: String)
    async throws
  {
    try await serving {
      BrighteningWalk()
    } _: { port in
      let client = try RawClient(port: port)
      defer { client.close() }
      let answer = try await client.answer(to: [
        "GET \(path) HTTP/1.1", "Host: 127.0.0.1", "Connection: Upgrade", "Upgrade: \(kind)",
        "Sec-WebSocket-Version: \(version)", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
      ])
      #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"))
    }
  }
}
