import CTracer
import Scene

/// Where a camera at some height can stand, and how it gets from one place to another: a grid of
/// clearances over the floor.
struct Ground: Sendable {
  let cell: Double
  let columns: Int
  let rows: Int
  /// Distance from each cell's centre to the nearest solid or wall in metres, at most `horizon`.
  private(set) var clearances: [Float]
  /// The largest connected part of the cells that are clear, as indices.
  let walkable: [Int]
  private let reachable: [Bool]

  /// Beyond this a clearance does not matter, in metres.
  static let horizon = 0.75

  /// - Parameter margin: the clearance that a walker keeps, in metres.
  init(_ solids: [tracer_object], size: SIMD3<Double>, height: Double, margin: Double) {
    cell = max(0.1, max(size.x, size.y) / 100)
    columns = max(1, Int(size.x / cell))
    rows = max(1, Int(size.y / cell))
    clearances = []
    for row in 0..<rows {
      for column in 0..<columns {
        let p = SIMD2(Double(column) + 0.5, Double(row) + 0.5) * cell
        let walls = min(p.min(), size.x - p.x, size.y - p.y, height, size.z - height)
        clearances.append(Float(min(Self.horizon, walls)))
      }
    }
    Self.carve(solids, height, cell, columns, rows, &clearances)
    walkable = Self.largestPart(clearances.map { Double($0) >= margin }, columns, rows)
    var reachable = [Bool](repeating: false, count: clearances.count)
    for i in walkable { reachable[i] = true }
    self.reachable = reachable
  }

  /// Brings each solid's distance into the cells around it.
  private static func carve(
    _ solids: [tracer_object], _ height: Double, _ cell: Double, _ columns: Int, _ rows: Int,
    _ clearances: inout [Float]
  ) {
    for solid in solids {
      let (low, high) = solid.bounds
      guard low.z < height + horizon, high.z > height - horizon else { continue }
      let xs = span(low.x, high.x, cell, columns)
      for row in span(low.y, high.y, cell, rows) {
        for column in xs {
          let p = SIMD3((Double(column) + 0.5) * cell, (Double(row) + 0.5) * cell, height)
          let i = row * columns + column
          clearances[i] = min(clearances[i], Float(solid.distance(to: p)))
        }
      }
    }
  }

  private static func span(_ low: Double, _ high: Double, _ cell: Double, _ count: Int) -> Range<
    Int
  > {
    let first = min(count, max(0, Int((low - horizon) / cell)))
    return first..<max(first, min(count, Int((high + horizon) / cell) + 1))
  }

  private static func largestPart(_ clear: [Bool], _ columns: Int, _ rows: Int) -> [Int] {
    var seen = clear.map { !$0 }
    var largest: [Int] = []
    for start in clear.indices where !seen[start] {
      var part = [start]
      seen[start] = true
      var next = 0
      while next < part.count {
        let i = part[next]
        next += 1
        for j in neighbours(of: i, columns, rows) where !seen[j] {
          seen[j] = true
          part.append(j)
        }
      }
      if part.count > largest.count { largest = part }
    }
    return largest
  }

  private static func neighbours(of i: Int, _ columns: Int, _ rows: Int) -> [Int] {
    let (row, column) = (i / columns, i % columns)
    var all: [Int] = []
    if column > 0 { all.append(i - 1) }
    if column < columns - 1 { all.append(i + 1) }
    if row > 0 { all.append(i - columns) }
    if row < rows - 1 { all.append(i + columns) }
    return all
  }

  /// The cell that is farthest from everything.
  var clearest: Int { clearances.indices.max { clearances[$0] < clearances[$1] } ?? 0 }

  func center(of i: Int) -> SIMD2<Double> {
    SIMD2(Double(i % columns) + 0.5, Double(i / columns) + 0.5) * cell
  }

  func index(at p: SIMD2<Double>) -> Int {
    let column = min(columns - 1, max(0, Int(p.x / cell)))
    return min(rows - 1, max(0, Int(p.y / cell))) * columns + column
  }
}

extension Ground {
  /// How far it is on foot from every walkable cell to a goal, in cells.
  func distances(to goal: Int) -> [Int32] {
    var steps = [Int32](repeating: .max, count: clearances.count)
    guard reachable[goal] else { return steps }
    steps[goal] = 0
    var queue = [goal]
    var next = 0
    while next < queue.count {
      let i = queue[next]
      next += 1
      for j in Self.neighbours(of: i, columns, rows) where reachable[j] && steps[j] == .max {
        steps[j] = steps[i] + 1
        queue.append(j)
      }
    }
    return steps
  }

  /// A place about `length` metres further towards a goal whose distances are given; nil if it is
  /// reached or out of reach.
  ///
  /// Of the cells within that length that can be seen over clear ground, it is the nearest to the
  /// goal; so the way cuts corners where that is free.
  func advance(from p: SIMD2<Double>, along distances: [Int32], by length: Double) -> SIMD2<Double>?
  {
    let here = distances[index(at: p)]
    var best = (steps: here, place: p)
    for k in 0..<24 {
      let angle = Double(k) * .pi / 12
      let way = SIMD2(cos(angle), sin(angle))
      var reach = 0.0
      while reach < length {
        reach = min(length, reach + cell)
        let q = p + way * reach
        let i = index(at: q)
        guard reachable[i], distances[i] != .max else { break }
        if distances[i] < best.steps { best = (distances[i], q) }
      }
    }
    return best.steps < here ? best.place : nil
  }
}

extension tracer_object {
  /// The corners of an upright box that holds it.
  var bounds: (low: SIMD3<Double>, high: SIMD3<Double>) {
    let c = SIMD3(Double(center.0), Double(center.1), Double(center.2))
    var h = SIMD3(abs(Double(half.0)), abs(Double(half.1)), abs(Double(half.2)))
    if shape == TRACER_STICK.rawValue {
      h += Double(radius)
    } else {
      if shape == TRACER_CONE.rawValue { h *= [1 + abs(Double(taper)), 1 + abs(Double(taper)), 1] }
      let (u, v) = (abs(Double(turn.0)), abs(Double(turn.1)))
      h = [h.x * u + h.y * v, h.x * v + h.y * u, h.z]
    }
    return (c - h, c + h)
  }
}
