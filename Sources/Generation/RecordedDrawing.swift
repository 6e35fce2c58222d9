import Layers
import Scene
import Torch

/// Drawing on a GPU as one recorded piece of work: the CPU starts it once a frame, and not each of
/// its hundreds of operations.
///
/// It places what was recalled in the query's coordinates, and takes the steps. What a frame needs
/// of its own is copied to where the recorded work reads it: raw keys and values, two small
/// matrices a context, the lens, noise. There is a recording for each size of pictures and number of
/// contexts, since a softmax over more tokens is another piece of work; the weights are read where
/// they are, so that changing them in place needs nothing anew.
final class RecordedDrawing {
  private unowned let model: FrameModel
  private let records: Bool
  private var drawings: [Key: Drawing] = [:]
  /// Those that were used least recently first.
  private var order: [Key] = []
  /// Recordings keep memory of their own: one is given up for one more.
  private static let most = 12

  private struct Key: Hashable {
    /// How many pictures are drawn at once, their height and their width.
    let pictures: [Int]
    let contexts: Int
    /// Of the contexts' images, and of their keys and values.
    let size: [Int]
    let shape: [Int]
    let steps: Int
    let fromNoise: Bool
  }

  /// - Parameter records: false does the same work anew each time, and checks that it could be
  ///   recorded; for tests without a GPU.
  init(_ model: FrameModel, records: Bool = true) {
    (self.model, self.records) = (model, records)
  }

  /// How many recordings are kept.
  var count: Int { drawings.count }

  /// Whether a model can be drawn with like this.
  static func fits(_ model: FrameModel) -> Bool {
    model.recordsDrawing && Graph.isPossible(on: model.device)
  }

  /// Places what was recalled, nil for nothing, and draws; stops the program where the GPU can't
  /// record it, as any operation does that fails.
  ///
  /// - Parameter lenses: of frames of one size, drawn at once.
  func draw(_ lenses: [Intrinsics], _ recalled: Recalled?, steps: Int, noise: Tensor?)
    -> Prediction
  {
    let first = recalled?.frames[0][0]
    let key = Key(
      pictures: [lenses.count, lenses[0].height, lenses[0].width],
      contexts: recalled?.frames[0].count ?? 0,
      size: first.map { [$0.camera.intrinsics.width, $0.camera.intrinsics.height] } ?? [],
      shape: first?.kv.keys.shape ?? [], steps: steps, fromNoise: noise != nil)
    let drawing = drawings[key] ?? add(key, lenses, recalled)
    order.removeAll { $0 == key }
    order.append(key)
    return drawing.draw(lenses, recalled, noise)
  }

  private func add(_ key: Key, _ lenses: [Intrinsics], _ recalled: Recalled?) -> Drawing {
    if order.count == Self.most { drawings[order.removeFirst()] = nil }
    let new = Drawing(
      model, lenses, recalled.map { RawContext(like: $0, model) }, steps: key.steps,
      fromNoise: key.fromNoise, records: records)
    drawings[key] = new
    return new
  }
}

/// Where recorded work reads what was recalled.
private struct RawContext {
  let keys: Tensor  // [L, Q C, T, G, d]
  let values: Tensor
  let depths: Tensor?  // [Q C, N]
  let matrices: Tensor  // [Q C, 4, 4]
  let projections: Tensor  // [Q C, 5, 4]
  let landing: Landing
  let queries: Int

  init(like recalled: Recalled, _ model: FrameModel) {
    queries = recalled.queries.count
    let first = recalled.frames[0][0]
    let count = queries * recalled.frames[0].count
    var shape = first.kv.keys.shape
    shape.insert(count, at: 1)
    keys = .zeros(shape, type: model.type, on: model.device)
    values = .zeros(shape, type: model.type, on: model.device)
    depths = first.kv.depths.map { .zeros([count] + $0.shape, on: model.device) }
    matrices = .zeros([count, 4, 4], on: model.device)
    projections = .zeros([count, 5, 4], on: model.device)
    landing = Landing(
      of: first.camera.intrinsics, in: recalled.queries[0].intrinsics, model.configuration,
      on: model.device)
  }

  /// Brings in what was recalled now.
  func set(_ recalled: Recalled) {
    for (i, frame) in recalled.frames.joined().enumerated() {
      let shape = frame.kv.keys.shape
      let slot = [shape[0], 1] + shape.dropFirst()
      keys.narrowed(1, i..<i + 1).set(frame.kv.keys.reshaped(slot))
      values.narrowed(1, i..<i + 1).set(frame.kv.values.reshaped(slot))
      if let depths, let known = frame.kv.depths {
        depths.narrowed(0, i..<i + 1).set(known.reshaped([1] + known.shape))
      }
    }
    let numbers = recalled.views.numbers
    matrices.set(numbers.matrices.sent(to: matrices.device))
    projections.set(numbers.projections.sent(to: projections.device))
  }

  /// For each layer, keys and values in the query's coordinates.
  func placed(by model: FrameModel) -> [LayerKV] {
    let c = model.configuration
    let (angles, turns) = landing.angles(projections, depths)
    let positions = RecalledPositions(
      matrices: matrices, angles: angles, values: turns, width: c.headWidth / 2,
      groups: c.groups, type: model.type)
    return model.placed(keys: keys, values: values, by: positions, queries)
  }
}

/// One recording: where its inputs go, and where its results lie.
private final class Drawing {
  private let configuration: Configuration
  /// Those that `numbers` are of.
  private var lenses: [Intrinsics]
  private let numbers: LensNumbers
  private let context: RawContext?
  private let noise: Tensor?
  private let work: () -> Void
  private let results: Results
  private let device: Device
  private let records: Bool
  private var graph: Graph?

  private final class Results {
    var drawn: Prediction?
  }

  init(
    _ model: FrameModel, _ lenses: [Intrinsics], _ context: RawContext?, steps: Int,
    fromNoise: Bool, records: Bool
  ) {
    let size = [lenses.count, 3, lenses[0].height, lenses[0].width]
    let noise = fromNoise ? Tensor.zeros(size, on: model.device) : nil
    let configuration = model.configuration
    let numbers = LensNumbers(Lenses(lenses), configuration, on: model.device)
    let grid = GridTables(Lenses(lenses), configuration, on: model.device)
    let results = Results()
    work = { [unowned model] in
      let tables = LensTables(numbers, grid, configuration, type: model.type)
      let layers = context?.placed(by: model)
      results.drawn = model.sample(from: noise, steps: steps) { z, t in
        model.evaluate(z, t: t, lenses, tables, recalled: layers.map { own in { own[$0] } })
      }
    }
    (self.configuration, self.lenses, self.numbers) = (configuration, lenses, numbers)
    (self.context, self.noise, self.results) = (context, noise, results)
    (device, self.records) = (model.device, records)
  }

  /// The results are the caller's own: the next replay writes over ours.
  func draw(_ lenses: [Intrinsics], _ recalled: Recalled?, _ start: Tensor?) -> Prediction {
    if lenses != self.lenses {
      numbers.set(LensNumbers(Lenses(lenses), configuration, on: device))
      self.lenses = lenses
    }
    if let context, let recalled { context.set(recalled) }
    if let noise, let start { noise.set(start) }
    if records { record().replay() } else { Graph.rehearse(work) }
    let last = results.drawn!
    return Prediction(
      image: last.image.copy(), logVariance: last.logVariance.copy(),
      features: last.features.copy(), evaluations: last.evaluations)
  }

  /// Recorded at the first drawing, when its inputs are those of a frame.
  private func record() -> Graph {
    if let graph { return graph }
    do {
      let new = try Graph(on: device, work)
      graph = new
      return new
    } catch {
      fatalError("drawing can't be recorded (\(error)); draw without: --no-graphs")
    }
  }
}
