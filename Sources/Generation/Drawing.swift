import Layers
public import Scene
public import Torch

// One picture: by the network laid out for a CPU, by recorded work on a GPU, or operation by operation.
extension FrameModel {
  /// Draws what the query camera sees.
  ///
  /// - Parameters:
  ///   - steps: network evaluations; 1 is enough where the context shows the place.
  ///   - noise: where to start: nil for zeros, the steady choice, or noise for variety.
  /// - Returns: the image `[1, 3, Y, X]` in -1...1, and what the last evaluation said beside it.
  public func draw(
    _ query: Camera, context: Context?, steps: Int = 1, noise: Tensor? = nil
  ) -> Prediction {
    Runtime.inference {
      guard let tiling = tiling(of: query.intrinsics) else {
        return drawAlike([query], context: context, steps: steps, noise: noise)
      }
      let (starts, parts) = (noise.map { $0.parts(tiling) }, context?.parts)
      let tiles = drawAlike(
        tiling.cameras(of: query), context: parts?.tiles, steps: steps, noise: starts)
      let small = tiling.reduced(query)
      let lens = small.intrinsics
      let whole = drawAlike(
        [small], context: parts?.whole, steps: steps,
        noise: noise?.noise(width: lens.width, height: lens.height))
      return tiles.joined(tiling).blended(with: whole)
    }
  }

  /// Draws queries of one size: on a CPU one by one, elsewhere all at once, by recorded work where
  /// that can be, else operation by operation.
  private func drawAlike(_ queries: [Camera], context: Context?, steps: Int, noise: Tensor?)
    -> Prediction
  {
    guard FusedNetwork.fits(self), context == nil || context?.isPlaced == false else {
      return rounded().drawUnfused(queries, context: context, steps: steps, noise: noise)
    }
    let single = queries.indices.map { i in
      let evaluation = fusedEvaluation(for: queries[i], context, i)!
      return sample(from: noise?.narrowed(0, i..<i + 1), steps: steps, evaluation)
    }
    return single.count == 1 ? single[0] : Prediction(single)
  }

  private func drawUnfused(_ queries: [Camera], context: Context?, steps: Int, noise: Tensor?)
    -> Prediction
  {
    let recalled = context?.recalled
    if context == nil || recalled != nil, let recorded = recordedDrawing() {
      return recorded.draw(queries.map(\.intrinsics), recalled, steps: steps, noise: noise)
    }
    return drawTensors(queries, context: context, steps: steps, noise: noise)
  }

  /// The same on any device: what other ways are held against.
  func drawTensors(_ queries: [Camera], context: Context?, steps: Int, noise: Tensor?)
    -> Prediction
  {
    sample(from: noise, steps: steps, tensorEvaluation(for: queries, context))
  }

  /// One evaluation of the network for frames of one size: of z, nil for zeros, at t.
  typealias Evaluation = (Tensor?, Double) -> Prediction

  /// By the network laid out for this machine's CPU; nil where it can't be, or where the context is
  /// placed otherwise.
  ///
  /// - Parameter i: which of the context's queries it is.
  func fusedEvaluation(for query: Camera, _ context: Context?, _ i: Int = 0) -> Evaluation? {
    let lens = query.intrinsics
    guard context?.isPlaced != true, let fused = fused(for: lens) else { return nil }
    let recalled = context?.recalled
    let slots =
      context?.slots ?? fused.gather(
        recalled?.frames[i] ?? [], for: query, scale: recalled?.scale ?? 1
      ).slots!
    return { fused.predict($0, t: $1, lens, slots) }
  }

  /// By tensor operations, on any device.
  func tensorEvaluation(for queries: [Camera], _ context: Context?) -> Evaluation {
    let placed = context.map { $0.recalled.map(gatherTensors) ?? $0 }
    return { z, t in
      self.evaluate(
        z, t: t, queries.map(\.intrinsics), nil, recalled: placed.map { c in { c.layer($0) } })
    }
  }

  /// One evaluation for frames of one size; nil stands for zeros, and for tables that are yet to be
  /// computed.
  func evaluate(
    _ z: Tensor?, t: Double, _ lenses: [Intrinsics], _ tables: LensTables?,
    recalled: ((Int) -> LayerKV)?
  ) -> Prediction {
    predict(
      z ?? .zeros([lenses.count, 3, lenses[0].height, lenses[0].width], on: device),
      t: Tensor(repeating: t, shape: [1], on: device), Lenses(lenses), tables,
      recalled: recalled)
  }

  /// Euler's method from noise, or from zeros, to data: at t = i / steps, a step along
  /// (x̂ - z) / (1 - t).
  ///
  /// - Parameter first: what is taken for the evaluation at t = 0; nil to make it.
  func sample(
    from start: Tensor?, steps: Int, after first: Prediction? = nil,
    _ predict: Evaluation
  ) -> Prediction {
    precondition(steps > 0, "draw: needs at least one step")
    var z = start
    var last = first
    for i in 0..<steps {
      let t = Double(i) / Double(steps)
      let p = i == 0 ? first ?? predict(z, t) : predict(z, t)
      let share = 1 / Double(steps) / (1 - t)
      z = z.map { $0 + (p.image - $0) * share } ?? p.image * share
      last = p
    }
    return Prediction(
      image: z!, logVariance: last!.logVariance, features: last!.features, evaluations: steps)
  }

  /// The network laid out for this machine's CPU, if it can be; laid out anew when weights have
  /// changed.
  func fused(for lens: Intrinsics) -> FusedNetwork? {
    guard FusedNetwork.fits(self) else { return nil }
    if let fused, fused.revision == revision, fused.type == precision.type { return fused }
    let grid = Lenses([lens]).grid(patch: configuration.patch)
    let new = FusedNetwork(self, tokens: grid.rows * grid.columns + configuration.registers)
    fused = new
    return new
  }

  /// The way to draw with recorded work, where that can be.
  private func recordedDrawing() -> RecordedDrawing? {
    guard RecordedDrawing.fits(self) else { return nil }
    if recorded == nil { recorded = RecordedDrawing(self) }
    return recorded
  }

  /// This model as it draws with tensors: itself, or with layers that compute in its precision.
  ///
  /// Weights are rounded once, and again, in place, when they have changed: recorded work reads them
  /// where they are.
  func rounded() -> FrameModel {
    guard type == .float32, precision != .float32 else { return self }
    let revision = revision
    let copy = roundedCopy?.model ?? computing(in: precision.type)
    if let known = roundedCopy?.revision, known != revision {
      for (new, old) in zip(parameters, copy.parameters) where new.tensor.type != old.tensor.type {
        old.tensor.set(new.tensor)
      }
    }
    roundedCopy = (copy, revision)
    (copy.precision, copy.recordsDrawing) = (precision, recordsDrawing)
    return copy
  }

  /// Grows whenever a weight changes.
  var revision: Int { parameters.reduce(0) { $0 + $1.tensor.revision } }
}
