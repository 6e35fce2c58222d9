/// How well each of some keyframes shows each of a query's points, and how well a set of them does.
///
/// A set is worth the sum over the points of the best weight in it (facility location). What a
/// keyframe adds shrinks as the set grows, so taking the best one again and again comes within
/// 1 - 1/e of the best set of that size.
struct Coverage {
  /// The keyframes that see anything, by their index, ascending.
  private(set) var rows: [Int] = []
  /// What each row is worth alone.
  private(set) var worth: [Float] = []
  private var weights: [Block] = []
  private let blocks: Int

  init(blocks: Int, reserving count: Int) {
    self.blocks = blocks
    weights.reserveCapacity(blocks * count)
  }

  /// Adds a row, unless it sees nothing.
  mutating func append(_ index: Int, view: View, of frustum: Frustum, discount: Float) {
    var sum = Block.zero
    for points in frustum.points {
      let weight = view.look(at: points).weight * discount
      weights.append(weight)
      sum += weight
    }
    if sum.sum() > 0 {
      rows.append(index)
      worth.append(sum.sum())
    } else {
      weights.removeLast(blocks)
    }
  }

  /// Says by which index the memory knows each row's keyframe.
  mutating func rename(_ index: (Int) -> Int) { rows = rows.map(index) }

  /// The numbers of the rows taken greedily, after those in `seed`; ties go to the earlier row.
  ///
  /// Only the first row taken may add less than `threshold` of what is covered.
  func greedy(limit: Int, seed: [Int] = [], threshold: Float = 0) -> [Int] {
    var best = Array(repeating: Block.zero, count: blocks)
    var bounds = worth
    var (taken, covered) = (seed, Float(0))
    for row in seed {
      covered += take(row, &best)
      bounds[row] = 0
    }
    while taken.count < min(limit, rows.count) {
      guard let (row, gain) = largestGain(over: best, &bounds), gain > 0 else { break }
      if taken.count > seed.count, gain < threshold * covered { break }
      covered += take(row, &best)
      bounds[row] = 0
      taken.append(row)
    }
    return taken
  }

  /// The row that adds most. A row's last known gain bounds what it can add now, so most rows need
  /// no second look.
  private func largestGain(over best: [Block], _ bounds: inout [Float]) -> (Int, Float)? {
    var winner: (row: Int, gain: Float)?
    for row in bounds.indices {
      // A ten-thousandth apart is a tie: rounding must not decide.
      let mark = (winner?.gain ?? 0) * 1.0001
      guard bounds[row] > mark else { continue }
      bounds[row] = gain(of: row, over: best)
      if bounds[row] > mark { winner = (row, bounds[row]) }
    }
    return winner
  }

  private func gain(of row: Int, over best: [Block]) -> Float {
    var sum = Block.zero
    let start = row * blocks
    for i in 0..<blocks { sum += (weights[start + i] - best[i]).positive }
    return sum.sum()
  }

  private func take(_ row: Int, _ best: inout [Block]) -> Float {
    let added = gain(of: row, over: best)
    for i in 0..<blocks { best[i] = best[i].atLeast(weights[row * blocks + i]) }
    return added
  }

  /// The rows of a set in the order in which greed would take them, useless ones last.
  func ranked(_ set: [Int]) -> [Int] {
    var part = Coverage(blocks: blocks, reserving: set.count)
    for row in set.sorted() {
      part.rows.append(row)
      part.worth.append(worth[row])
      part.weights += weights[row * blocks..<(row + 1) * blocks]
    }
    let order = part.greedy(limit: set.count).map { part.rows[$0] }
    return order + part.rows.filter { !order.contains($0) }
  }

  /// What all rows together are worth.
  var total: Double { best().reduce(0) { $0 + Double($1.sum()) } }

  /// For each row, what it is worth at the points where no other row shows more.
  var shares: [Float] {
    let top = best()
    return rows.indices.map { row in
      (0..<blocks).reduce(Float(0)) { sum, i in
        let weight = weights[row * blocks + i]
        return sum + weight.kept(where: weight - top[i] + 1e-5).sum()
      }
    }
  }

  private func best() -> [Block] {
    var best = Array(repeating: Block.zero, count: blocks)
    for row in rows.indices { _ = take(row, &best) }
    return best
  }
}
