import Scene

/// A stream of random numbers that a seed fixes for ever (SplitMix64).
///
///     var dice = Dice(seed: 7)
///     let height = dice.real(in: 2.4...3.2)
struct Dice: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  /// A stream for one purpose, unrelated to the seed's other streams.
  init(seed: UInt64, purpose: UInt64) {
    var mixer = Dice(seed: seed ^ (purpose &* 0xd1b5_4a32_d192_ed03))
    state = mixer.next()
  }

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  mutating func unit() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func real(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * unit()
  }

  /// Even over orders of magnitude.
  mutating func logarithmic(in range: ClosedRange<Double>) -> Double {
    exp(real(in: log(range.lowerBound)...log(range.upperBound)))
  }

  mutating func whole(in range: ClosedRange<Int>) -> Int {
    range.lowerBound + Int(unit() * Double(range.upperBound - range.lowerBound + 1))
  }

  mutating func chance(_ probability: Double) -> Bool { unit() < probability }

  mutating func pick<T>(_ items: [T]) -> T { items[whole(in: 0...items.count - 1)] }

  /// Each item as often as its weight says.
  mutating func pick<T>(weighted items: [(item: T, weight: Double)]) -> T {
    var left = unit() * items.reduce(0) { $0 + $1.weight }
    for (item, weight) in items {
      left -= weight
      if left < 0 { return item }
    }
    return items[items.count - 1].item
  }
}
