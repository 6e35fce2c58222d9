/// Times the parts of a piece of work, one after the other.
///
///     var timer = SplitTimer()
///     let context = recall()
///     times.recall = timer.split()
struct SplitTimer {
  private let start: ContinuousClock.Instant
  private var last: ContinuousClock.Instant

  init() {
    start = .now
    last = start
  }

  /// Milliseconds since the split before, or since it was started.
  mutating func split() -> Double {
    let now = ContinuousClock.now
    defer { last = now }
    return (now - last) / .milliseconds(1)
  }

  /// Milliseconds from its start to the last split.
  var total: Double { (last - start) / .milliseconds(1) }
}
