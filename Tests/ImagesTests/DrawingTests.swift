import Scene
import Testing

@testable import Images

struct ContactSheetTests {
  @Test(arguments: 1...7, 1...4)
  func putsEveryImageInItsPlace(_ count: Int, _ columns: Int) {
    var sheet = ContactSheet(columns: columns, gap: 3)
    let images = (0..<count).map { Image.noise(11, 6, seed: UInt64($0)) }
    for image in images { sheet.add(image) }
    let whole = sheet.image()
    for (i, image) in images.enumerated() {
      let (x, y) = (3 + i % columns * 14, 3 + i / columns * 9)
      #expect(whole.cropped(x: x, y: y, width: 11, height: 6) == image)
    }
    #expect(whole.width == min(count, columns) * 14 + 3)
    #expect(whole.height == (count + columns - 1) / columns * 9 + 3)
  }

  @Test func writesCaptionsBelowAndInsideTheirColumn() {
    func sheet(_ caption: String) -> Image {
      var sheet = ContactSheet(columns: 2)
      sheet.add(Image(width: 30, height: 10), caption: caption)
      sheet.add(Image(width: 30, height: 10))
      return sheet.image()
    }
    let (blank, long) = (sheet(" "), sheet(String(repeating: "#é", count: 100)))
    #expect((blank.width, blank.height) == (long.width, long.height))
    let inked = (0..<long.width * long.height).filter {
      long[$0 % long.width, $0 / long.width] != blank[$0 % long.width, $0 / long.width]
    }
    #expect(inked.count > 20)
    #expect(inked.allSatisfy { (4..<34).contains($0 % long.width) && $0 / long.width >= 14 })
  }

  @Test func anEmptySheetIsAnImage() {
    #expect(ContactSheet(columns: 3).image().width == 1)
  }

  @Test func glyphsDifferAndAreFiveBySeven() {
    let glyphs = (32...126).map { Array(Typeface.rows(of: Character(UnicodeScalar($0)))) }
    #expect(Set(glyphs).count == 95)
    #expect(glyphs.allSatisfy { $0.count == 7 && $0.allSatisfy { $0 < 32 } })
    // An L: a stem on the left, a foot below.
    #expect(Array(Typeface.rows(of: "L")) == [16, 16, 16, 16, 16, 16, 31])
    #expect(Typeface.rows(of: "é") == Typeface.rows(of: "?"))
  }
}

struct LinePlotTests {
  private let blue = SIMD3<UInt8>(0, 90, 170)

  /// For each column, the mean row of the first series' colour below the legend.
  private func rows(_ image: Image) -> [Int: Double] {
    var found: [Int: [Int]] = [:]
    for y in 44..<image.height {
      for x in 0..<image.width where image[x, y] == blue { found[x, default: []].append(y) }
    }
    return found.mapValues { Double($0.reduce(0, +)) / Double($0.count) }
  }

  @Test func aStraightLineIsStraight() throws {
    var plot = LinePlot(title: "Line")
    plot.add("y = x", (0...10).map(Double.init))
    let rows = rows(plot.image(width: 400, height: 300))
    let columns = rows.keys.sorted()
    let (first, last) = (try #require(columns.first), try #require(columns.last))
    let slope = (rows[last]! - rows[first]!) / Double(last - first)
    #expect(slope < -0.5)
    for x in columns {
      #expect(abs(rows[x]! - (rows[first]! + slope * Double(x - first))) < 1.5)
    }
  }

  @Test func powersOfTenAreEvenlySpacedOnALogarithmicAxis() {
    func heights(_ isLogarithmic: Bool) -> [Double] {
      var plot = LinePlot(title: "", isLogarithmic: isLogarithmic)
      plot.add("decades", [[0, 1], [1, 10], [2, 100], [3, 1000]])
      let rows = rows(plot.image(width: 400, height: 300))
      let columns = rows.keys.sorted()
      return [0.1, 0.5, 0.9].map { rows[columns[Int(Double(columns.count - 1) * $0)]]! }
    }
    let (log, linear) = (heights(true), heights(false))
    #expect(abs(log[0] - 2 * log[1] + log[2]) < 3)
    #expect(abs(linear[0] - 2 * linear[1] + linear[2]) > 50)
  }

  @Test func pointsWithoutAPlaceInterruptTheLine() {
    var plot = LinePlot(title: "Gap")
    plot.add("a", [0, 1, .nan, 1, 0])
    let columns = rows(plot.image(width: 400, height: 300)).keys.sorted()
    let gaps = zip(columns, columns.dropFirst()).filter { $1 - $0 > 100 }
    #expect(gaps.count == 1)
  }

  @Test(
    arguments: [
      [], [.nan], [0], [-1, -1], [.infinity, 1], [1e308, -1e308], [.leastNonzeroMagnitude, 1],
      [1e-200], [1e99, 1],
      [1e9, 1e9 + 1], [-1e-5, 3e-5],
    ] as [[Double]], [false, true])
  func drawsAnyValues(_ values: [Double], _ isLogarithmic: Bool) {
    var plot = LinePlot(title: "Any", x: "x", y: "y", isLogarithmic: isLogarithmic)
    plot.add("values", values)
    #expect(plot.image(width: 1, height: 1).width == 240)
  }

  @Test(
    arguments: [
      ([0, 1], 5, false, ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
      ([17, 23.5], 4, false, ["16", "18", "20", "22", "24"]),
      ([-0.03, 0.02], 5, false, ["-0.03", "-0.02", "-0.01", "0", "0.01", "0.02"]),
      ([0, 3e7], 3, false, ["0", "1e7", "2e7", "3e7"]),
      ([0.002, 5], 6, true, ["0.001", "0.01", "0.1", "1", "10"]),
      ([2, 60], 6, true, ["1", "2", "5", "10", "20", "50", "100"]),
    ] as [([Double], Int, Bool, [String])])
  func ticksAreRoundNumbers(
    _ values: [Double], _ count: Int, _ isLogarithmic: Bool, _ labels: [String]
  ) {
    let axis = Axis(holding: values, ticks: count, isLogarithmic: isLogarithmic)
    #expect(axis.ticks.map(\.label) == labels)
    #expect(axis.low <= values.min()! && axis.high >= values.max()!)
  }
}
