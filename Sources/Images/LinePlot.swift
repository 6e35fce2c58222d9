public import Scene

/// Named series of points as lines over two axes, drawn into an image.
///
///     var plot = LinePlot(title: "Loss", x: "step", y: "loss", isLogarithmic: true)
///     plot.add("training", losses)
///     try plot.image().writePNG(to: "loss.png")
///
/// Points that are not finite, or not positive on a logarithmic axis, interrupt their line.
public struct LinePlot {
  private struct Series {
    var name: String
    var points: [SIMD2<Double>]
  }

  private let title: String
  private let x: String
  private let y: String
  private let isLogarithmic: Bool
  private var series: [Series] = []

  /// - Parameters:
  ///   - x: What the horizontal axis shows.
  ///   - y: What the vertical axis shows.
  ///   - isLogarithmic: Whether the vertical axis is.
  public init(title: String, x: String = "", y: String = "", isLogarithmic: Bool = false) {
    (self.title, self.x, self.y, self.isLogarithmic) = (title, x, y, isLogarithmic)
  }

  public mutating func add(_ name: String, _ points: [SIMD2<Double>]) {
    series.append(Series(name: name, points: points))
  }

  /// A series at x = 0, 1, 2, ...
  public mutating func add(_ name: String, _ values: [Double]) {
    add(name, values.enumerated().map { SIMD2(Double($0), $1) })
  }

  /// The plot at a size in pixels; 240 x 160 is the least, smaller ones become that.
  public func image(width: Int = 800, height: Int = 480) -> Image {
    let points = series.flatMap(\.points)
    let (width, height) = (max(240, width), max(160, height))
    let area = Area(
      width: width, height: height, legend: Legend(of: series.map(\.name), width: width),
      x: Axis(holding: points.map(\.x), ticks: max(2, width / 120)),
      y: Axis(holding: points.map(\.y), ticks: max(2, height / 70), isLogarithmic: isLogarithmic))
    var canvas = Canvas(width: area.width, height: area.height, color: paper)
    drawAxes(&canvas, area)
    for (i, line) in series.enumerated() { draw(line.points, color(i), &canvas, area) }
    drawLegend(&canvas, area)
    return canvas.image
  }

  private func drawAxes(_ canvas: inout Canvas, _ area: Area) {
    for tick in area.x.ticks {
      guard let x = area.x.position(of: tick.value).map({ Int(area.point($0, 0).x) }) else {
        continue
      }
      canvas.fill(x: x, y: area.top, width: 1, height: area.bottom - area.top, grid)
      let half = Canvas.width(of: tick.label) / 2
      canvas.write(tick.label, x: x - half, y: area.bottom + 6, ink)
    }
    for tick in area.y.ticks {
      guard let y = area.y.position(of: tick.value).map({ Int(area.point(0, $0).y) }) else {
        continue
      }
      canvas.fill(x: area.left, y: y, width: area.right - area.left, height: 1, grid)
      canvas.write(tick.label, x: area.left - 5 - Canvas.width(of: tick.label), y: y - 3, ink)
    }
    canvas.fill(x: area.left, y: area.bottom, width: area.right - area.left + 1, height: 1, ink)
    canvas.fill(x: area.left, y: area.top, width: 1, height: area.bottom - area.top, ink)
    let middle = (area.left + area.right) / 2
    canvas.write(title, x: middle - Canvas.width(of: title), y: 6, scale: 2, ink)
    canvas.write(x, x: middle - Canvas.width(of: x) / 2, y: area.bottom + 19, ink)
    canvas.write(y, x: 6, y: area.top - 14, ink)
  }

  private func draw(
    _ points: [SIMD2<Double>], _ color: SIMD3<UInt8>, _ canvas: inout Canvas, _ area: Area
  ) {
    let places = points.map(area.place)
    for (i, place) in places.enumerated() {
      guard let place else { continue }
      let last = i > 0 ? places[i - 1] : nil
      let next = i + 1 < places.count ? places[i + 1] : nil
      if let next {
        canvas.stroke(from: place, to: next, color)
      } else if last == nil {
        canvas.stroke(from: place, to: place, thickness: 5, color)  // a point alone: a dot
      }
    }
  }

  /// Above the axes, so that it hides no line.
  private func drawLegend(_ canvas: inout Canvas, _ area: Area) {
    for (i, line) in series.enumerated() {
      let column = i % area.legend.columns - min(series.count, area.legend.columns)
      let x = area.right + column * area.legend.entryWidth
      let y = area.top - 14 - (area.legend.rows - 1 - i / area.legend.columns) * 12
      canvas.fill(x: x, y: y + 2, width: 16, height: 3, color(i))
      canvas.write(line.name, x: x + 22, y: y, ink)
    }
  }

  private func color(_ i: Int) -> SIMD3<UInt8> { palette[i % palette.count] }
}

/// The series' names in rows and columns, beside the vertical axis's name.
private struct Legend {
  let columns: Int
  let rows: Int
  let entryWidth: Int

  init(of names: [String], width: Int) {
    entryWidth = (names.map { Canvas.width(of: $0) }.max() ?? 0) + 34
    columns = max(1, (width - 100) / entryWidth)
    rows = max(1, (names.count + columns - 1) / columns)
  }
}

/// Where the plot's lines lie in the image, in pixels, and how values become places.
private struct Area {
  let width: Int
  let height: Int
  let legend: Legend
  let x: Axis
  let y: Axis

  /// Below the title and the legend.
  var top: Int { 32 + 12 * legend.rows }
  var bottom: Int { height - 36 }
  var right: Int { width - 24 }
  /// Room for the widest label of the vertical axis.
  var left: Int { 14 + (y.ticks.map { Canvas.width(of: $0.label) }.max() ?? 0) }

  func point(_ x: Double, _ y: Double) -> SIMD2<Double> {
    [
      Double(left) + 0.5 + x * Double(right - left),
      Double(bottom) + 0.5 - y * Double(bottom - top),
    ]
  }

  func place(_ point: SIMD2<Double>) -> SIMD2<Double>? {
    guard let x = x.position(of: point.x), let y = y.position(of: point.y) else { return nil }
    return self.point(x, y)
  }
}

private let paper: SIMD3<UInt8> = [255, 255, 255]
private let ink: SIMD3<UInt8> = [50, 50, 55]
private let grid: SIMD3<UInt8> = [226, 226, 230]
/// Told apart by people who see few colours, too.
private let palette: [SIMD3<UInt8>] = [
  [0, 90, 170], [215, 95, 0], [0, 145, 105], [190, 60, 130], [120, 110, 20], [80, 170, 220],
]
