import Scene

/// One axis of a plot: the range of values, where its ticks are and what is written at them.
struct Axis {
  struct Tick {
    var value: Double
    var label: String
  }

  let low: Double
  let high: Double
  let ticks: [Tick]
  private let isLogarithmic: Bool

  /// An axis that holds all the values, with about `count` ticks; without values, 0 to 1.
  init(holding values: [Double], ticks count: Int, isLogarithmic: Bool = false) {
    self.isLogarithmic = isLogarithmic
    let usable = values.filter { abs($0) < 1e100 && (!isLogarithmic || $0 > 1e-100) }
    let least = usable.min() ?? (isLogarithmic ? 1 : 0)
    let most = usable.max() ?? (isLogarithmic ? 10 : 1)
    (low, high, ticks) =
      isLogarithmic ? Self.decades(least, most, count) : Self.steps(least, most, count)
  }

  /// 0 at the axis's low end and 1 at its high end; nil for what has no place on it.
  func position(of value: Double) -> Double? {
    let position =
      isLogarithmic
      ? (log10(value) - log10(low)) / (log10(high) - log10(low)) : (value - low) / (high - low)
    return (-0.001...1.001).contains(position) ? position : nil
  }

  /// Ticks at multiples of 1, 2 or 5 times a power of ten; the range grows to whole steps.
  private static func steps(
    _ least: Double, _ most: Double, _ count: Int
  ) -> (Double, Double, [Tick]) {
    let widest = max(abs(least), abs(most))
    let span = most - least > max(widest * 1e-9, 1e-100) ? most - least : max(widest, 1) * 0.1
    let power = Int(log10(span / Double(count)).rounded(.down))
    let rough = span / Double(count) / ten(to: power)
    let factor = [1, 2, 5, 10].first { Double($0) >= rough - 1e-9 } ?? 10
    let step = Double(factor) * ten(to: power)
    let first = (least / step + 1e-9).rounded(.down)
    let last = max(first + 1, (most / step - 1e-9).rounded(.up))
    let decimals = max(0, factor == 10 ? -power - 1 : -power)
    let ticks = stride(from: first, through: last, by: 1).map {
      Tick(value: $0 * step, label: label($0 * step, decimals))
    }
    return (first * step, last * step, ticks)
  }

  /// Ticks at powers of ten, and at 2 and 5 times those where the range is short.
  private static func decades(
    _ least: Double, _ most: Double, _ count: Int
  ) -> (Double, Double, [Tick]) {
    let first = Int((log10(least) + 1e-9).rounded(.down))
    let last = max(first + 1, Int((log10(most) - 1e-9).rounded(.up)))
    let every = max(1, (last - first + count - 1) / count)
    var ticks: [Tick] = []
    for power in stride(from: first, through: last, by: every) {
      for factor in last - first <= 2 && power < last ? [1.0, 2, 5] : [1] {
        let value = factor * ten(to: power)
        ticks.append(Tick(value: value, label: label(value, max(0, -power))))
      }
    }
    return (ten(to: first), ten(to: last), ticks)
  }

  /// A number with so many decimals; as 1e5 where it would be long.
  static func label(_ value: Double, _ decimals: Int) -> String {
    let magnitude = abs(value)
    guard magnitude > 0 else { return "0" }
    if magnitude >= 1e6 || decimals > 4 {
      let power = Int((log10(magnitude) + 1e-9).rounded(.down))
      let factor = (value / ten(to: power) * 100).rounded() / 100
      return "\(trimmed("\(factor)"))e\(power)"
    }
    let scaled = Int((magnitude * ten(to: decimals)).rounded())
    var digits = String(scaled)
    digits = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    let whole = digits.dropLast(decimals)
    return (value < 0 ? "-" : "") + whole + (decimals > 0 ? "." + digits.suffix(decimals) : "")
  }

  private static func trimmed(_ number: String) -> Substring {
    number.hasSuffix(".0") ? number.dropLast(2) : number[...]
  }
}

private func ten(to power: Int) -> Double { pow(10, Double(power)) }
