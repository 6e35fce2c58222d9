import Scene

/// One viewer's input, in one slot, and the leave to draw: what to do next is a function of both.
///
/// Keys are a state: each counts for as long as it was held since the last frame, one that was only
/// tapped, too. Mouse travel is a change, so it adds up. What came before a jump is forgotten. No more
/// than `window` frames are under way to a viewer; without input it rests after a second.
struct Mailbox: Sendable {
  typealias Instant = ContinuousClock.Instant

  /// What the viewer's loop does next.
  enum Next: Equatable {
    /// Draw: the action since the last frame, the frame's id, and the input that it shows.
    case step(Action, id: UInt32, applied: UInt32)
    /// Ask again then: frames come faster than they are wanted.
    case pause(until: Instant)
    /// Wait for a message: there is nothing to do, or the viewer has not got the last frame yet.
    case rest
  }

  /// How many frames may be on their way.
  let window: UInt32
  /// The shortest time between frames.
  let interval: Duration

  private var move: SIMD3<Double> = .zero
  /// What keys did since the last frame that have changed since: directions times seconds, and seconds.
  private var walked: (path: SIMD3<Double>, seconds: Double) = (.zero, 0)
  private var turn: SIMD2<Double> = .zero
  private var jump: Action.Jump?
  /// What a program says in place of the clock, for one frame.
  private var seconds: Double?
  private var seq: UInt32 = 0
  private var sent: UInt32 = 0
  private var seen: UInt32 = 0
  private var isNews = true
  private var awakeUntil: Instant
  private var pressed: Instant
  private var drawn: Instant?

  /// How long frames go on coming after the last input.
  static let afterglow = Duration.seconds(1)
  /// A key counts as held at least for one frame at 60 a second, at most for half a second.
  static let heldFor = (1.0 / 60)...0.5

  init(window: Int = 1, framesPerSecond: Double = 60, now: Instant) {
    self.window = UInt32(clamping: max(1, window))
    self.interval = .seconds(1 / max(1, framesPerSecond))
    awakeUntil = now + Self.afterglow
    pressed = now
  }

  /// Takes what the page says.
  mutating func post(_ input: Input, now: Instant) {
    if input.move != move || input.move != .zero || input.turn != .zero || input.jump != nil
      || input.seconds != nil
    {
      isNews = true
      awakeUntil = now + Self.afterglow
    }
    if move != input.move {
      if move != .zero {
        let held = max(Self.heldFor.lowerBound, held(until: now))
        walked = (walked.path + move * held, walked.seconds + held)
      }
      pressed = now
    }
    if let jump = input.jump { (self.jump, turn, walked) = (jump, .zero, (.zero, 0)) }
    (move, seconds) = (input.move, input.seconds)
    turn += input.turn
    seq = input.seq
    seen = max(seen, min(input.seen, sent))
  }

  /// Frames go on coming for a while as if there had been input: the last one is not the best yet.
  mutating func goOn(now: Instant) { awakeUntil = now + Self.afterglow }

  /// What to do now; a step takes the turns out of the slot.
  mutating func next(now: Instant) -> Next {
    guard sent - seen < window, isNews || now < awakeUntil else { return .rest }
    if seconds == nil, let drawn, now < drawn + interval { return .pause(until: drawn + interval) }
    var action = action(now: now)
    action.jump = jump
    sent += 1
    if seconds != nil { (move, seconds) = (.zero, nil) }
    (turn, jump, isNews, drawn, walked) = (.zero, nil, false, now, (.zero, 0))
    return .step(action, id: sent, applied: seq)
  }

  /// How long the keys that are held now are, since the last frame, in seconds.
  private func held(until now: Instant) -> Double { (now - max(pressed, drawn ?? pressed)).seconds }

  private func action(now: Instant) -> Action {
    if let seconds { return Action(move: move, turn: turn, duration: seconds) }
    var (path, time) = walked
    if move != .zero || time == 0 {
      let held = held(until: now)
      (path, time) = (path + move * held, time + held)
    }
    let duration = min(Self.heldFor.upperBound, max(Self.heldFor.lowerBound, time))
    let isOneKey = walked.seconds == 0
    return Action(move: isOneKey ? move : path / time, turn: turn, duration: duration)
  }
}

extension Duration {
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
