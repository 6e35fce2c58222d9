import Layers
import Scene
import Torch

/// Drawing on a GPU as one recorded piece of work: the CPU starts it once a frame, and not each of
/// its hundreds of operations.
///
/// What a context holds is copied to where the recorded work reads it. There is a recording for each
/// number of context tokens, since a softmax over more of them is another piece of work; the weights
/// are read where they are, so that changing them in place needs nothing anew.
final class RecordedDrawing {
  private unowned let model: FrameModel
  private let records: Bool
  private var drawings: [Key: Drawing] = [:]
  private var order: [Key] = []
  /// Recordings keep memory of their own: the oldest is given up for one more.
  private static let most = 12

  private struct Key: Hashable {
    let lens: Intrinsics
    let tokens: Int
    let steps: Int
    let fromNoise: Bool
  }

  /// - Parameter records: false does the same work anew each time; for tests without a GPU.
  init(_ model: FrameModel, records: Bool = true) {
    (self.model, self.records) = (model, records)
  }

  /// Whether a model can be drawn with like this.
  static func fits(_ model: FrameModel) -> Bool {
    model.recordsDrawing && Graph.isPossible(on: model.device)
  }

  /// What `FrameModel.drawTensors` draws; stops the program where the GPU can't record it, as any
  /// operation does that fails.
  func draw(_ lens: Intrinsics, context: Context?, steps: Int, noise: Tensor?) -> Prediction {
    let layers = context.map { c in (0..<model.configuration.layers).map(c.layer) } ?? []
    let key = Key(
      lens: lens, tokens: layers.first?.keys.shape[1] ?? 0, steps: steps,
      fromNoise: noise != nil)
    let drawing = drawings[key] ?? add(key, layers, noise)
    return drawing.draw(layers, noise)
  }

  private func add(_ key: Key, _ layers: [LayerKV], _ noise: Tensor?) -> Drawing {
    if order.count == Self.most { drawings[order.removeFirst()] = nil }
    let new = Drawing(model, key.lens, layers, noise, steps: key.steps, records: records)
    drawings[key] = new
    order.append(key)
    return new
  }
}

/// One recording: where its inputs go, and where its results lie.
private final class Drawing {
  private let layers: [LayerKV]
  private let noise: Tensor?
  private var result: Prediction?
  private var replay: () -> Void = {}

  init(
    _ model: FrameModel, _ lens: Intrinsics, _ layers: [LayerKV], _ noise: Tensor?, steps: Int,
    records: Bool
  ) {
    self.layers = layers.map { LayerKV(keys: $0.keys.copy(), values: $0.values.copy()) }
    self.noise = noise?.copy()
    let tables = LensTables(
      Lenses([lens]), model.configuration, type: model.type, on: model.device)
    let (own, start) = (self.layers, self.noise)
    let work = { [unowned self, unowned model] in
      result = model.sample(from: start, lens, steps: steps) { z, t in
        model.evaluate(z, t: t, lens, tables, recalled: own.isEmpty ? nil : { own[$0] })
      }
    }
    if records {
      do {
        let graph = try Graph(on: model.device, work)
        replay = { graph.replay() }
      } catch {
        fatalError("drawing can't be recorded (\(error)); draw without: --no-graphs")
      }
    } else {
      replay = work
    }
  }

  /// The results are the caller's own: the next replay writes over ours.
  func draw(_ context: [LayerKV], _ start: Tensor?) -> Prediction {
    for (mine, new) in zip(layers, context) {
      mine.keys.set(new.keys)
      mine.values.set(new.values)
    }
    if let noise, let start { noise.set(start) }
    replay()
    let last = result!
    return Prediction(
      image: last.image.copy(), logVariance: last.logVariance.copy(),
      features: last.features.copy(), evaluations: last.evaluations)
  }
}
