import Layers
public import Scene
import Torch

/// The lenses of a batch of frames of one size, as numbers that a network can use.
public struct Lenses {
  let intrinsics: [Intrinsics]

  public init(_ intrinsics: [Intrinsics]) {
    precondition(
      !intrinsics.isEmpty
        && intrinsics.allSatisfy {
          $0.width == intrinsics[0].width && $0.height == intrinsics[0].height
        }, "Lenses: a batch needs images of one size")
    self.intrinsics = intrinsics
  }

  var count: Int { intrinsics.count }
  var width: Int { intrinsics[0].width }
  var height: Int { intrinsics[0].height }

  /// Unit directions through the pixels, camera coordinates, of images padded to whole patches.
  func rays(patch: Int, on device: Device) -> Tensor {  // [B, 3, Y, X]
    let (rows, columns) = grid(patch: patch)
    let lens = column { [$0.focal.x, $0.focal.y, $0.center.x, $0.center.y] }.sent(to: device)
    let parts = lens.reshaped(count, 4, 1, 1).split(4, axis: 1).map { $0.reshaped(count, 1, 1) }
    let (w, h) = (columns * patch, rows * patch)
    let x = (Tensor.arange(w, on: device).reshaped(1, 1, w) + 0.5 - parts[2]) / parts[0]
    let y = (Tensor.arange(h, on: device).reshaped(1, h, 1) + 0.5 - parts[3]) / parts[1]
    let length = (x.squared() + y.squared() + 1).sqrt()  // [B, Y, X]
    return .stacked([x / length, y / length, 1 / length], axis: 1)
  }

  /// Rows and columns of patches, the last ones perhaps partly outside the image.
  public func grid(patch: Int) -> (rows: Int, columns: Int) {
    ((height + patch - 1) / patch, (width + patch - 1) / patch)
  }

  /// Intrinsics over image size, centred and lifted to 4 x 4, and their inverses.
  var lifted: (matrices: Tensor, inverses: Tensor) {  // [B, 4, 4]
    (
      matrix { [[$0.fx, 0, $0.cx, 0], [0, $0.fy, $0.cy, 0], [0, 0, 1, 0], [0, 0, 0, 1]] },
      matrix { $0.inverse }
    )
  }

  private func matrix(_ rows: (Normalized) -> [[Double]]) -> Tensor {
    column { rows(Normalized($0)).flatMap { $0 } }.reshaped(count, 4, 4)
  }

  private func column(_ numbers: (Intrinsics) -> [Double]) -> Tensor {
    let all = intrinsics.map { numbers($0).map(Float.init) }
    return Tensor(all.flatMap { $0 }, shape: [count, all[0].count])
  }
}

/// A lens measured in image sizes, its principal point from the image's middle.
private struct Normalized {
  let fx, fy, cx, cy: Double

  init(_ lens: Intrinsics) {
    let size = SIMD2(Double(lens.width), Double(lens.height))
    (fx, fy) = (lens.focal.x / size.x, lens.focal.y / size.y)
    (cx, cy) = (lens.center.x / size.x - 0.5, lens.center.y / size.y - 0.5)
  }

  var inverse: [[Double]] {
    [[1 / fx, 0, -cx / fx, 0], [0, 1 / fy, -cy / fy, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
  }
}

/// What lenses alone decide of a prediction: to be computed once where frames are drawn again and
/// again.
struct LensTables {
  let rays: Tensor  // [B, N, 3p²]
  let positions: OwnPositions
  let canvas: OverlapAdd

  init(_ lenses: Lenses, _ c: Configuration, type: ElementType, on device: Device) {
    self.init(
      LensNumbers(lenses, c, on: device), GridTables(lenses, c, on: device), c, type: type)
  }

  /// On the numbers' device alone, so that this can be part of recorded work.
  init(_ numbers: LensNumbers, _ grid: GridTables, _ c: Configuration, type: ElementType) {
    rays = numbers.rays
    positions = OwnPositions(
      lens: numbers.matrices, inverse: numbers.inverses, angles: grid.angles, values: grid.values,
      width: c.headWidth / 2, groups: c.groups, type: type)
    canvas = grid.canvas
  }
}

/// What differs between lenses of one size.
struct LensNumbers {
  let rays: Tensor  // [B, N, 3p²]
  let matrices: Tensor  // [B, 4, 4]
  let inverses: Tensor

  init(_ lenses: Lenses, _ c: Configuration, on device: Device) {
    rays = patchify(lenses.rays(patch: c.patch, on: device), c.patch)
    let lifted = lenses.lifted
    (matrices, inverses) = (lifted.matrices.sent(to: device), lifted.inverses.sent(to: device))
  }

  /// Takes the numbers of others, of as many lenses of the same size.
  func set(_ other: LensNumbers) {
    rays.set(other.rays)
    matrices.set(other.matrices)
    inverses.set(other.inverses)
  }
}

/// What lenses' size alone decides.
struct GridTables {
  let angles: Tensor  // [T, 1, 1, n]
  let values: Tensor?  // [T, G, A, n]
  let canvas: OverlapAdd

  init(_ lenses: Lenses, _ c: Configuration, on device: Device) {
    let grid = lenses.grid(patch: c.patch)
    angles = ownAngles(grid, c).sent(to: device)
    values = ownValueAngles(grid, c)?.sent(to: device)
    canvas = OverlapAdd(lenses, c, on: device)
  }
}

extension OverlapAdd {
  /// For pictures taken through these lenses, padded to whole patches.
  init(_ lenses: Lenses, _ c: Configuration, on device: Device) {
    let (rows, columns) = lenses.grid(patch: c.patch)
    self.init(side: c.patch, overlap: c.overlap, rows: rows, columns: columns, on: device)
  }
}

/// The rotary angles of a frame's own patches and registers, `[T, 1, 1, n]`.
func ownAngles(_ grid: (rows: Int, columns: Int), _ c: Configuration) -> Tensor {
  Rotary.angles(
    x: places(grid, c) { $0 % grid.columns }, y: places(grid, c) { $0 / grid.columns },
    pairs: c.pairs, peak: c.rotaryPeak, base: c.rotaryBase, patches: grid.rows * grid.columns)
}

/// The angles by which a frame's own values are turned, `[T, G, A, n]`; nil where they are not.
func ownValueAngles(_ grid: (rows: Int, columns: Int), _ c: Configuration) -> Tensor? {
  ValueWaves(c, on: .cpu)?.angles(
    x: places(grid, c) { $0 % grid.columns }, y: places(grid, c) { $0 / grid.columns })
}

/// A coordinate of a frame's own patches and registers, `[T, 1, 1]`.
private func places(
  _ grid: (rows: Int, columns: Int), _ c: Configuration, _ coordinate: (Int) -> Int
) -> Tensor {
  let all = (0..<grid.rows * grid.columns).map { Float(coordinate($0)) }
  let registers = [Float](repeating: 0, count: c.registers)
  return Tensor(all + registers, shape: [all.count + c.registers, 1, 1])
}

/// The waves by whose phases values are turned: of a patch that lies somewhat aside, they shift what
/// its values say of it.
struct ValueWaves {
  let x: Tensor  // [G, A, n], in radians a patch
  let y: Tensor

  /// Nil where values are not turned.
  init?(_ c: Configuration, on device: Device) {
    guard let waves = c.valueWaves else { return nil }
    func sent(_ part: [Float]) -> Tensor {
      Tensor(part, shape: [c.keyValueHeads, c.groups, c.pairs]).sent(to: device)
    }
    (x, y) = (sent(waves.x), sent(waves.y))
  }

  /// Angles `[.., G, A, n]` at places `[.., G or 1, A or 1]` in patches.
  func angles(x column: Tensor, y row: Tensor) -> Tensor {
    column.reshaped(column.shape + [1]) * x + row.reshaped(row.shape + [1]) * y
  }
}

/// Contexts as seen from queries: relative poses, exact in Float64, then as Float32 matrices.
///
/// Only relative poses enter a network, so a world may lie anywhere: moving all of it changes
/// nothing.
struct RelativeViews {
  let queries: [Camera]
  let contexts: [[Camera]]  // C for each query
  let scales: [Double]  // of each query's world

  init(queries: [Camera], contexts: [[Camera]], scales: [Double]) {
    (self.queries, self.contexts, self.scales) = (queries, contexts, scales)
  }

  init(queries: [Camera], contexts: [[Camera]], scale: Double) {
    let scales = Array(repeating: scale, count: queries.count)
    self.init(queries: queries, contexts: contexts, scales: scales)
  }

  /// Places contexts' keys and values; leading axes `lead` (which multiply to Q), then C.
  ///
  /// - Parameter depths: what the network guessed of each patch, `[Q C, N]`; nil for nothing.
  func positions(
    _ c: Configuration, lead: [Int], depths: Tensor?, type: ElementType = .float32,
    on device: Device
  ) -> RecalledPositions {
    let (matrices, angles, values) = tables(c, lead: lead, depths: depths, on: device)
    return RecalledPositions(
      matrices: matrices, angles: angles, values: values, width: c.headWidth / 2, groups: c.groups,
      type: type)
  }

  /// What places contexts: matrices `[lead, C, 4, 4]` for the projective half; angles
  /// `[lead, C, T, G, A, n]` for the rotary half of keys, or `[T, 1, 1, n]` where all have their own;
  /// and the like of values, `[lead, C, T, G, A, n]` or `[T, G, A, n]`, where those are turned.
  func tables(_ c: Configuration, lead: [Int], depths: Tensor?, on device: Device) -> (
    matrices: Tensor, angles: Tensor, values: Tensor?
  ) {
    let (matrices, projections) = numbers
    let landing = Landing(
      of: contexts[0][0].intrinsics, in: queries[0].intrinsics, c, on: device)
    let (angles, values) = landing.angles(projections.sent(to: device), depths)
    let count = contexts[0].count
    func led(_ t: Tensor) -> Tensor {
      c.anchors == 0 ? t : t.reshaped(lead + [count] + t.shape.dropFirst())
    }
    return (
      matrices.reshaped(lead + [count, 4, 4]).sent(to: device), led(angles), values.map(led)
    )
  }

  /// All that depends on poses, of each context of each query, on the CPU: its matrix
  /// `[Q C, 4, 4]`, and where its patches land, `[Q C, 5, 4]`.
  var numbers: (matrices: Tensor, projections: Tensor) {
    let views = queries.indices.flatMap { i in
      contexts[i].map { View(query: queries[i], context: $0, scale: scales[i]) }
    }
    return (
      Tensor(views.flatMap(\.matrix), shape: [views.count, 4, 4]),
      Tensor(views.flatMap(\.projection), shape: [views.count, 5, 4])
    )
  }
}

/// Where context patches land in a query's grid if they lie at the anchors' depths (URoPE): what
/// image sizes alone decide of it is computed once.
///
/// Letters: V views, N patches of a context, T = N + registers, G heads, A anchors.
struct Landing {
  private let c: Configuration
  private let grid: (rows: Int, columns: Int)
  private let depths: Tensor  // [1, 1, G A]
  private let u: Tensor  // [1, N, 1], a patch centre's column in pixels
  private let v: Tensor
  /// Without anchors: every context keeps its own places.
  private let own: (keys: Tensor, values: Tensor?)?  // [T, 1, 1, n] and [T, G, 1, n]
  private let waves: ValueWaves?

  init(of context: Intrinsics, in query: Intrinsics, _ c: Configuration, on device: Device) {
    self.c = c
    grid = Lenses([query]).grid(patch: c.patch)
    let there = Lenses([context]).grid(patch: c.patch)
    let cells = 0..<there.rows * there.columns
    func centres(_ place: (Int) -> Int) -> Tensor {
      let all = cells.map { Float(place($0) * c.patch) + Float(c.patch) / 2 }
      return Tensor(all, shape: [1, cells.count, 1]).sent(to: device)
    }
    u = centres { $0 % there.columns }
    v = centres { $0 / there.columns }
    depths = Tensor(c.anchorDepths, shape: [1, 1, c.keyValueHeads * c.anchors]).sent(to: device)
    waves = ValueWaves(c, on: device)
    own =
      c.anchors == 0
      ? (ownAngles(there, c).sent(to: device), ownValueAngles(there, c)?.sent(to: device)) : nil
  }

  /// Angles of keys and of values, nil where those are not turned, `[V, T, G, A, n]`, for views'
  /// `RelativeViews.numbers.projections`, on the device.
  ///
  /// - Parameter guesses: the logarithm of each patch's depth over the anchors' middle, `[V, N]`.
  func angles(_ projections: Tensor, _ guesses: Tensor?) -> (keys: Tensor, values: Tensor?) {
    if let own { return own }
    let count = projections.shape[0]
    let anchors = anchors(guesses, count)
    let rows = projections.split(5, axis: 1).map { $0.reshaped(count, 1, 1, 4) }
    let directions = directions(rows[4])  // [V, N, 1] each, at z = 1 in the context's camera
    func along(_ row: Tensor) -> Tensor {  // [V, N, G A]
      let k = row.reshaped(count, 1, 4).split(4)
      let direction = k[0] * directions.x + k[1] * directions.y + k[2]  // [V, N, 1]
      return direction * anchors + k[3]
    }
    let z = along(rows[2])
    let far = Double(max(grid.rows, grid.columns))
    let behind = z .< 0.025
    let safe = z.clamped(0.025, .infinity)
    let nowhere = Tensor(repeating: -2 * far, shape: [1], on: z.device)
    func place(_ row: Tensor) -> Tensor {  // [V, N, G, A]
      let p = along(row) / safe * (1 / Double(c.patch)) - 0.5
      return behind.select(nowhere, else: p).clamped(-2 * far, 3 * far)
        .reshaped(count, -1, c.keyValueHeads, c.anchors)
    }
    let (x, y) = (place(rows[0]), place(rows[1]))
    let angles = Rotary.angles(
      x: x, y: y, pairs: c.pairs, peak: c.rotaryPeak,
      base: c.rotaryBase, patches: grid.rows * grid.columns)
    let registers = Tensor.zeros([count, c.registers] + angles.shape.dropFirst(2), on: z.device)
    let values = waves?.angles(x: x, y: y)
    return (
      .concatenated([angles, registers], axis: 1),
      values.map { .concatenated([$0, registers], axis: 1) }
    )
  }

  /// The anchors' depths of each patch `[V, N, G A]`, or of all patches alike `[1, 1, G A]`.
  private func anchors(_ guesses: Tensor?, _ count: Int) -> Tensor {
    guard let guesses, let pull = c.anchorPull else { return depths }
    return (guesses.reshaped(count, -1, 1) * pull).exp() * depths
  }

  /// Directions through patch centres at z = 1, `[V, N, 1]` each; `lens` holds fx, fy, cx, cy.
  private func directions(_ lens: Tensor) -> (x: Tensor, y: Tensor) {
    let parts = lens.reshaped(lens.shape[0], 1, 4).split(4)  // [V, 1, 1]
    return ((u - parts[2]) / parts[0], (v - parts[3]) / parts[1])
  }
}

/// One context as one query sees it.
private struct View {
  /// `E · lift(Kn)⁻¹`: from the context's image to the query's camera, 4 x 4 row by row.
  let matrix: [Float]
  /// Rows 0-2: from the context's camera to the query's image, pixels times depth; row 3: unused;
  /// row 4: the context's lens.
  let projection: [Float]

  init(query: Camera, context: Camera, scale: Double) {
    let e = context.pose.relative(to: query.pose)
    let t = e.position / scale
    let r = [
      [e.rotation.x.x, e.rotation.y.x, e.rotation.z.x, t.x],
      [e.rotation.x.y, e.rotation.y.y, e.rotation.z.y, t.y],
      [e.rotation.x.z, e.rotation.y.z, e.rotation.z.z, t.z],
      [0, 0, 0, 1],
    ]
    let inverse = Normalized(context.intrinsics).inverse
    matrix = r.flatMap { row in
      (0..<4).map { j in Float((0..<4).reduce(0.0) { $0 + row[$1] * inverse[$1][j] }) }
    }
    let q = query.intrinsics
    let x = (0..<4).map { Float(r[0][$0] * q.focal.x + r[2][$0] * q.center.x) }
    let y = (0..<4).map { Float(r[1][$0] * q.focal.y + r[2][$0] * q.center.y) }
    let k = context.intrinsics
    let lens = [k.focal.x, k.focal.y, k.center.x, k.center.y].map(Float.init)
    projection = x + y + r[2].map(Float.init) + [0, 0, 0, 0] + lens
  }
}
