import Scene
import Testing

@testable import Streaming

@Suite struct MailboxTests {
  private let start = ContinuousClock.now
  private func at(_ seconds: Double) -> ContinuousClock.Instant { start + .seconds(seconds) }
  private func mailbox(window: Int = 1) -> Mailbox {
    Mailbox(window: window, framesPerSecond: 100, now: start)
  }

  @Test func drawsOnceBeforeAnyInput() {
    var box = mailbox()
    #expect(box.next(now: at(0)) == .step(Action(duration: 1.0 / 60), id: 1, applied: 0))
    #expect(box.next(now: at(0.5)) == .rest)
  }

  /// A key that is pressed and let go between two frames.
  @Test func aTapCounts() {
    var box = mailbox()
    guard case .step = box.next(now: at(0)) else {
      Issue.record("no step")
      return
    }
    box.post(Input(seq: 1, move: [0, 0, 1]), now: at(0.2))
    box.post(Input(seq: 2), now: at(0.24))
    box.post(Input(seq: 3, seen: 1), now: at(0.3))
    guard case .step(let action, _, 3) = box.next(now: at(0.3)) else {
      Issue.record("no step")
      return
    }
    #expect((action.move * action.duration - [0, 0, 0.04]).length < 1e-6)
    box.post(Input(seq: 4, seen: 2), now: at(0.4))
    guard case .step(let next, _, 4) = box.next(now: at(0.4)) else {
      Issue.record("no step")
      return
    }
    #expect(next.isRest, "once")
  }

  /// While the last view is not the best yet, frames go on coming without input.
  @Test func goesOnWhileThereIsSomethingBetter() {
    var box = mailbox()
    guard case .step = box.next(now: at(0)) else {
      Issue.record("no step")
      return
    }
    for i in 1...5 {
      let time = Double(i) * 0.9
      box.goOn(now: at(time - 0.1))
      box.post(Input(seq: UInt32(i), seen: UInt32(i)), now: at(time))
      guard case .step(let action, UInt32(i + 1), _) = box.next(now: at(time)) else {
        Issue.record("no step after \(time) seconds")
        return
      }
      #expect(action.isRest)
    }
    box.post(Input(seq: 6, seen: 6), now: at(5.6))
    #expect(box.next(now: at(5.6)) == .rest)
  }

  @Test func keysCountWhileTheyAreHeldAndTurnsAddUp() {
    var box = mailbox()
    box.post(Input(seq: 1, move: [1, 0, 0], turn: [0.25, 0.5]), now: at(0))
    box.post(Input(seq: 2, move: [0, 0, 1], turn: [0.5, -0.25]), now: at(0.1))
    guard case .step(let action, _, let applied) = box.next(now: at(0.3)) else {
      Issue.record("no step")
      return
    }
    #expect((action.move - [1.0 / 3, 0, 2.0 / 3]).length < 1e-6, "a third of the time, then two")
    #expect(action.turn == [0.75, 0.25])
    #expect(abs(action.duration - 0.3) < 1e-6, "held since the first key")
    #expect(applied == 2)
    box.post(Input(seq: 3, move: [0, 0, 1], seen: 1), now: at(0.4))
    guard case .step(let second, _, _) = box.next(now: at(0.4)) else {
      Issue.record("no step")
      return
    }
    #expect(second.turn == .zero, "turns are taken once")
    #expect(abs(second.duration - 0.1) < 1e-6, "since the last frame")
  }

  @Test func aJumpForgetsTurnsBeforeIt() {
    var box = mailbox()
    _ = box.next(now: at(0))
    box.post(Input(seq: 1, turn: [0.5, 0], seen: 1, jump: .keyframe(3)), now: at(5))
    box.post(Input(seq: 2, turn: [0.25, 0], seen: 1, jump: .start), now: at(5))
    box.post(Input(seq: 3, turn: [0.125, 0], seen: 1), now: at(5))
    guard case .step(let action, id: 2, applied: 3) = box.next(now: at(5)) else {
      Issue.record("a jump wakes")
      return
    }
    #expect(action.jump == .start && action.turn == [0.375, 0] && !action.isRest)
    box.post(Input(seq: 4, seen: 2), now: at(5.1))
    guard case .step(let second, _, _) = box.next(now: at(5.1)) else {
      Issue.record("no step")
      return
    }
    #expect(second.jump == nil, "jumps are made once")
  }

  /// Whatever the clock says: one frame a message, a rest, too, and no waiting for the frame rate.
  @Test func aProgramWalksStepByStep() {
    var box = mailbox()
    _ = box.next(now: at(0))
    for (i, seconds) in [0.1, 0.25, 0].enumerated() {
      let now = at(Double(i) * 0.001)
      let move: SIMD3<Double> = i == 2 ? .zero : [0, 0, 1]
      box.post(
        Input(seq: UInt32(i), move: move, seen: UInt32(i + 1), seconds: seconds), now: now)
      let expected = Action(move: move, duration: seconds)
      #expect(box.next(now: now) == .step(expected, id: UInt32(i + 2), applied: UInt32(i)))
      #expect(box.next(now: now) == .rest)
    }
    box.post(Input(seq: 3, move: [0, 0, 1], seen: 4, seconds: 0.1), now: at(5))
    _ = box.next(now: at(5))
    box.post(Input(seq: 4, seen: 5), now: at(5.1))
    guard case .step(let action, _, _) = box.next(now: at(5.1)) else {
      Issue.record("no step")
      return
    }
    #expect(action.move == .zero, "a move is made once")
  }

  @Test(arguments: 1...3) func noMoreFramesThanTheWindowAreUnderWay(window: Int) {
    var box = mailbox(window: window)
    var count = 0
    for i in 0..<50 {
      box.post(Input(seq: UInt32(i), move: [0, 0, 1]), now: at(Double(i)))
      if case .step = box.next(now: at(Double(i))) { count += 1 }
    }
    #expect(count == window)
    box.post(Input(seq: 99, move: [0, 0, 1], seen: 1), now: at(51))
    guard case .step(_, let id, 99) = box.next(now: at(51)) else {
      Issue.record("an arrival makes room")
      return
    }
    #expect(id == UInt32(window + 1))
  }

  @Test func aFrameThatWasNeverSentMakesNoRoom() {
    var box = mailbox()
    _ = box.next(now: at(0))
    box.post(Input(seq: 1, move: [0, 0, 1], seen: 4_000_000_000), now: at(0.1))
    _ = box.next(now: at(0.1))
    box.post(Input(seq: 2, move: [0, 0, 1], seen: 0), now: at(0.2))
    #expect(box.next(now: at(0.2)) == .rest)
  }

  @Test func restsASecondAfterTheLastInput() {
    var box = mailbox()
    var frames = 0
    for i in 0..<200 {
      let now = at(Double(i) * 0.02)
      guard case .step(_, let id, _) = box.next(now: now) else { continue }
      frames += 1
      box.post(Input(seq: 1, seen: id), now: now)
    }
    #expect(frames == 50, "one each 20 ms of the first second")
    box.post(Input(seq: 2, turn: [0.1, 0], seen: UInt32(frames)), now: at(60))
    guard case .step = box.next(now: at(60)) else {
      Issue.record("input wakes")
      return
    }
  }

  @Test func inputDuringALongStepIsNotForgotten() {
    var box = mailbox()
    _ = box.next(now: at(0))
    box.post(Input(seq: 1, turn: [0.5, 0]), now: at(0.1))
    box.post(Input(seq: 2, seen: 1), now: at(9))
    guard case .step(let action, _, 2) = box.next(now: at(9)) else {
      Issue.record("no step")
      return
    }
    #expect(action.turn == [0.5, 0])
    #expect(action.duration == 0.5, "a long step is no leap")
  }

  @Test func framesKeepTheirDistance() {
    var box = mailbox(window: 2)
    _ = box.next(now: at(0))
    #expect(box.next(now: at(0.004)) == .pause(until: at(0.01)))
  }
}

@Suite struct InputTests {
  private func read(_ json: String) -> Result<Input, Refusal> {
    Result { () throws(Refusal) in try Input(json: Array(json.utf8)) }
  }

  @Test func readsWhatThePageSays() throws {
    let input = read(#"{"v":1,"seq":7,"move":[0,-2,1],"turn":[0.5,-0.25],"seen":41,"more":[]}"#)
    #expect(
      try input.get() == Input(seq: 7, move: [0, -1, 1], turn: [0.5, -0.25], seen: 41))
  }

  @Test func readsSeconds() throws {
    func seconds(_ value: String) throws -> Double? {
      try read(#"{"v":1,"seq":7,"move":[0,0,0],"turn":[0,0],"seconds":\#(value)}"#).get().seconds
    }
    #expect(try seconds("0.25") == 0.25 && seconds("9") == 0.5 && seconds("-1") == 0)
    #expect(try seconds("null") == nil)
    #expect(throws: Refusal.self) { try seconds("1e999") }
  }

  @Test func readsJumps() throws {
    func jump(_ value: String) throws -> Action.Jump? {
      try read(#"{"v":1,"seq":7,"move":[0,0,0],"turn":[0,0],"jump":\#(value)}"#).get().jump
    }
    #expect(try jump("12") == .keyframe(12) && jump("0") == .keyframe(0))
    #expect(try jump("-1") == .start && jump("null") == nil)
    #expect(throws: Refusal.self) { try jump("1.5") }
    #expect(throws: Refusal.self) { try jump("\"home\"") }
  }

  private func pose(_ numbers: [Double], _ more: String = "") -> Result<Input, Refusal> {
    read(#"{"v":1,"seq":7,"move":[0,0,0],"turn":[0,0],"pose":\#(numbers)\#(more)}"#)
  }

  @Test func readsPosesToTheBit() throws {
    let pose = Pose(at: [0.1, -1 / 3, 2e5], facing: [0.3, 0.2, 1], up: [0.1, -1, 0.2])
    #expect(try self.pose(pose.numbers).get().jump == .pose(pose))
    #expect(try self.pose(pose.numbers.map { Double(Float($0)) }).get().jump != nil, "almost one")
  }

  @Test func refusesWhatIsNoPose() {
    let good = Pose().numbers
    let bad: [[Double]] = [
      [], Array(good.dropLast()), good + [0], good.map { $0 * 1.01 }, good.map { -$0 },
      [0] + good.dropFirst(), Array(good.dropLast()) + [1e13],
    ]
    for numbers in bad {
      #expect(throws: Refusal.self, "\(numbers)") { try self.pose(numbers).get() }
    }
    #expect(throws: Refusal.self, "two places at once") { try pose(good, #","jump":3"#).get() }
  }

  @Test(arguments: [
    "", "{", "null", "[]", "{}", "\u{0}", "W", #"{"v":1,"seq":-1,"move":[0,0,0],"turn":[0,0]}"#,
    #"{"v":1,"seq":1,"move":[0,0],"turn":[0,0]}"#, #"{"v":1,"seq":1,"move":[0,0,0],"turn":[0]}"#,
    #"{"v":1,"seq":1,"move":[NaN,0,0],"turn":[0,0]}"#,
    #"{"v":1,"seq":1,"move":[1e999,0,0],"turn":[0,0]}"#,
    #"{"v":1,"seq":1,"move":["1",0,0],"turn":[0,0]}"#,
    #"{"v":1,"seq":99999999999999999999,"move":[0,0,0],"turn":[0,0]}"#,
    #"{"v":1,"seq":1,"move":null,"turn":[0,0]}"#, String(repeating: "[", count: 60_000),
  ])
  func refusesWhatItDoesNotUnderstand(json: String) {
    guard case .failure(let refusal) = read(json) else {
      Issue.record("\(json.prefix(80)) was taken")
      return
    }
    #expect(refusal.code == .notUnderstood)
  }

  @Test func refusesAnotherVersionByName() {
    guard case .failure(let refusal) = read(#"{"v":2,"seq":1,"move":[0,0,0],"turn":[0,0]}"#) else {
      Issue.record("version 2 was taken")
      return
    }
    #expect(refusal.code == .notAllowed)
    #expect(refusal.reason.contains("version 2"))
  }

  @Test func noticesAreJSON() throws {
    #expect(Notice.hello(title: "a \"b\"\n").json == #"{"title":"a \"b\"\n"}"#)
    let place = Place(x: 1.5, y: .infinity, heading: .nan)
    #expect(
      Notice.keyframes([(3, place), (4, Place())]).json
        == #"{"keyframes":[[3,1.5,0.0,0.0],[4,0.0,0.0,0.0]]}"#)
  }
}

extension Pose {
  /// As the wire has them.
  fileprivate var numbers: [Double] {
    [right, down, forward, position].flatMap { [$0.x, $0.y, $0.z] }
  }
}
