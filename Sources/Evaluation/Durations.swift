/// How long something took, time after time, in milliseconds.
///
///     let times = Durations([31, 29, 30, 95])
///     times.p50  // 30: half of them took no longer
public struct Durations: Encodable, Hashable, Sendable {
  /// From the shortest to the longest.
  public let milliseconds: [Double]

  /// - Precondition: there is at least one.
  public init(_ milliseconds: [Double]) {
    precondition(!milliseconds.isEmpty, "Durations: of nothing")
    self.milliseconds = milliseconds.sorted()
  }

  public var p50: Double { percentile(50) }
  public var p99: Double { percentile(99) }
  public var mean: Double { milliseconds.reduce(0, +) / Double(milliseconds.count) }

  /// The shortest duration that so many percent of them do not exceed (the nearest rank).
  ///
  /// - Precondition: `share` is in 0...100.
  public func percentile(_ share: Double) -> Double {
    precondition((0...100).contains(share), "Durations: percentile \(share)")
    let rank = (share / 100 * Double(milliseconds.count)).rounded(.up)
    return milliseconds[max(1, Int(rank)) - 1]
  }

  private enum Keys: CodingKey { case p50, p99, mean }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Keys.self)
    try container.encode(p50, forKey: .p50)
    try container.encode(p99, forKey: .p99)
    try container.encode(mean, forKey: .mean)
  }
}
