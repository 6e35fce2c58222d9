import Layers
import Torch

extension Operation {
  /// Every function of `CTorch.h` that computes on any device; a test sees to it that none is left
  /// out.
  static let all: [Operation] = [
    arithmetic, comparisons, elementwise, products, placing, norms, sums, images, shapes, moves,
    inPlace, lists, making,
  ].flatMap { $0 }

  private static let pairs: [[Input]] = [
    [.normal([7, 33]), .normal([7, 33])], [.normal([3, 1, 65]), .normal([4, 1])],
  ]
  private static let alike: [[Input]] = [[.normal([7, 33]), .normal([7, 33])]]
  private static let some: [[Input]] = [[.normal([5, 129])], [.normal([2, 3, 4, 5])]]
  private static let positive: [[Input]] = [[.positive([5, 129])], [.positive([2, 3, 4])]]

  private static let arithmetic: [Operation] = [
    Operation("add", pairs) { $0[0] + $0[1] },
    Operation("sub", pairs) { $0[0] - $0[1] },
    Operation("mul", pairs) { $0[0] * $0[1] },
    Operation("div", [[.normal([7, 33]), .positive([33])]]) { $0[0] / $0[1] },
    Operation("add_scalar", some) { $0[0] + 0.75 },
    Operation("mul_scalar", some) { $0[0] * -1.5 },
  ]

  private static let comparisons: [Operation] = [
    Operation("minimum", pairs) { $0[0].minimum($0[1]) },
    Operation("maximum", pairs) { $0[0].maximum($0[1]) },
    Operation("less, where", calls: ["less", "where"], [[.normal([6, 70]), .normal([6, 70])]]) {
      ($0[0] .< $0[1]).select($0[0] * 2, else: $0[1])
    },
    Operation("less_scalar", some) { ($0[0] .< 0.25).select($0[0], else: $0[0] * 3) },
    Operation("clamp", some) { $0[0].clamped(-0.5, 0.8) },
  ]

  private static let elementwise: [Operation] = [
    Operation("neg", some) { -$0[0] },
    Operation("abs", some) { $0[0].abs() },
    Operation("exp", some) { $0[0].exp() },
    Operation("log", positive) { $0[0].log() },
    Operation("sqrt", positive) { $0[0].sqrt() },
    Operation("sin", some) { $0[0].sin() },
    Operation("cos", some) { $0[0].cos() },
    Operation("sigmoid", some) { $0[0].sigmoid() },
    Operation("silu", some) { $0[0].silu() },
    Operation("pow_scalar", positive) { $0[0].power(-2) + $0[0].power(0.3) },
  ]

  private static let products: [Operation] = [
    Operation(
      "matmul",
      [[.normal([17, 33]), .normal([33, 9])], [.normal([3, 40, 64]), .normal([3, 64, 48])]],
      leniency: 4
    ) { $0[0].matmul($0[1]) },
    Operation("linear", [[.normal([2, 37, 192]), .normal([576, 192])]], leniency: 4) {
      $0[0].linear($0[1])
    },
    Operation(
      "attention",
      [
        [.normal([2, 3, 68, 64]), .normal([2, 3, 205, 64]), .normal([2, 3, 205, 64])],
        [.normal([1, 12, 20, 64]), .normal([1, 4, 81, 64]), .normal([1, 4, 81, 64])],
        [.normal([1, 16, 20, 128]), .normal([1, 4, 33, 128]), .normal([1, 4, 33, 128])],
      ], leniency: 4
    ) { Tensor.attention($0[0], $0[1], $0[2]) },
  ]

  private static let placing: [Operation] = [
    Operation(
      "place_heads", calls: ["place_heads", "place_heads_back"],
      [
        // Contexts of two scenes as three targets of each see them, and a frame's own tokens.
        [
          .normal([2, 1, 4, 9, 4, 32]), .constant([2, 3, 4, 4, 4]),
          .constant([2, 3, 4, 9, 4, 2, 4]),
        ],
        [.normal([3, 20, 6, 64]), .constant([3, 4, 4]), .constant([20, 2, 2, 8])],
        [.normal([2, 20, 3, 64]), .constant([2, 4, 4]), .constant([20, 1, 1, 8])],
      ], leniency: 4
    ) {
      let placing = Placing(
        matrix: $0[1], angles: $0[2], width: $0[0].shape.last! / 2, groups: 2, type: $0[0].type,
        inOnePass: $0[0].type != .float64)
      return placing($0[0])
    },
    Operation(
      "fill_room",
      [
        [
          .normal([2, 1, 4, 9, 4, 32]), .constant([2, 3, 4, 4, 4]), .normal([6, 1, 4, 32]),
          .normal([6, 7, 4, 32]),
        ]
      ], leniency: 4
    ) {
      if $0[0].type == .float64 || !PlacingKernels.work(on: $0[0].device) {
        let placing = Placing(
          matrix: $0[1], angles: nil, width: 16, groups: 2, type: $0[0].type, inOnePass: false)
        let placed = placing($0[0]).reshaped(6, 36, 4, 32)
        return .concatenated([placed, $0[2], $0[3]], axis: 1)
      }
      let placed = $0[0].placedHeads(matrix: $0[1], turn: nil, groups: 2, room: 8)
      return placed.reshaped(6, 36, 4, 32).fillingRoom($0[2], $0[3])
    },
  ]

  private static let norms: [Operation] = [
    Operation("layer_norm", [[.normal([3, 50, 192])], [.normal([1, 4, 2048])]], leniency: 4) {
      $0[0].layerNorm()
    },
    Operation(
      "layer_norm with bias", calls: ["layer_norm"],
      [[.normal([50, 192]), .normal([192]), .normal([192])]], leniency: 4
    ) { $0[0].layerNorm(weight: $0[1], bias: $0[2]) },
    Operation(
      "norm_rows",
      [
        [.normal([3, 70, 192]), .normal([3, 1, 192]), .normal([3, 1, 192])],
        [.normal([2, 50, 384]), .normal([1, 1, 384]), .normal([384])],
        [.normal([2, 9, 768]), .normal([2, 1, 768]), .normal([2, 1, 768])],
      ], leniency: 4
    ) { $0[0].layerNorm(groups: $0[1], bias: $0[2]) },
    Operation(
      "norm_rows without mean", calls: ["norm_rows"],
      [[.normal([2, 40, 3, 64]), .normal([64])], [.normal([5, 128]), .normal([128])]], leniency: 4
    ) { $0[0].rmsNorm(weight: $0[1]) },
    Operation(
      "gate_rows",
      [
        [.normal([3, 70, 384]), .normal([3, 70, 384]), .normal([3, 1, 384])],
        [.normal([2, 9, 192]), .normal([2, 9, 192]), .normal([1, 1, 192])],
      ], leniency: 2
    ) { $0[0].adding($0[1], groups: $0[2]) },
    Operation("swish", [[.normal([5, 64, 512]), .normal([5, 64, 512])]], leniency: 2) {
      $0[0].silu(times: $0[1])
    },
    Operation("softmax", [[.normal([4, 7, 333])], [.normal([9, 5])]]) { $0[0].softmax() },
  ]

  private static let sums: [Operation] = [
    Operation("sum", some, leniency: 2) { $0[0].sum(-1) },
    Operation("sum of all", calls: ["sum"], some, leniency: 4) { $0[0].squared().sum() },
    Operation("mean", [[.normal([6, 3, 33, 20])]], leniency: 4) {
      $0[0].squared().mean(1, 2, 3, keepAxes: true)
    },
    Operation("amax", some) { $0[0].max(-1) },
  ]

  private static let images: [Operation] = [
    // Means of squares less squares of means, as in SSIM: what TF32 would spoil.
    Operation(
      "windowed",
      [[.positive([2, 3, 40, 48]), .constant([30, 40]), .constant([38, 48])]], types: [.float32],
      leniency: 4
    ) {
      Runtime.allowTF32(true)
      defer { Runtime.allowTF32(false) }
      return $0[0].windowed(rows: $0[1].to($0[0].type), columns: $0[2].to($0[0].type))
    },
    Operation("fold", [[.normal([2, 3 * 16 * 16, 12])], [.normal([1, 72, 12])]], leniency: 2) {
      let side = $0[0].shape[1] == 72 ? 4 : 8
      return $0[0].folded(height: 3 * side, width: 4 * side, side: side, overlap: side == 4 ? 1 : 4)
    },
    Operation("avg_pool2d", [[.normal([2, 3, 32, 48])]]) { $0[0].averagePooled(2) },
    Operation("upsample_nearest2d", [[.normal([2, 3, 16, 24])]], leniency: 2) {
      $0[0].upsampledNearest(height: 32, width: 48)
    },
    Operation("upsample_bilinear2d", [[.normal([2, 3, 16, 24])]], leniency: 2) {
      $0[0].upsampledBilinear(height: 20, width: 50)
    },
    Operation("pad2d", [[.normal([2, 3, 7, 9])]]) { $0[0].padded(right: 3, bottom: 5) },
  ]

  private static let shapes: [Operation] = [
    Operation("reshape", some) { $0[0].reshaped(-1) },
    Operation("permute", [[.normal([2, 3, 4, 5])]]) { $0[0].permuted(3, 1, 0, 2) },
    Operation("transpose", some) { $0[0].transposed(-1, -2) },
    Operation("expand", [[.normal([3, 1, 8])]]) { $0[0].expanded(3, 6, -1) },
    Operation("narrow", [[.normal([5, 20])]]) { $0[0].narrowed(1, 3..<11) },
    Operation("index_select", [[.normal([9, 20]), .rows(14, below: 9)]]) { $0[0].rows($0[1]) },
    Operation("cat", alike) { .concatenated([$0[0], $0[1]], axis: 1) },
    Operation("stack", alike) { .stacked([$0[0], $0[1]], axis: 1) },
    Operation("split", [[.normal([4, 18])]]) {
      let parts = $0[0].split([5, 1, 12])
      return parts[2].narrowed(1, 0..<5) * parts[0] + parts[1]
    },
  ]

  private static let moves: [Operation] = [
    Operation("contiguous, clone", calls: ["contiguous", "clone"], [[.normal([2, 3, 64])]]) {
      $0[0].transposed(0, 2).contiguous().copy()
    },
    Operation("send", some, gradient: false) {
      let here = Tensor.arange(129).to($0[0].type)
      return $0[0].sum(0).reshaped(-1).narrowed(0, 0..<4)
        + here.narrowed(0, 5..<9).sent(to: $0[0].device)
    },
    Operation("to", [[.normal([5, 77])]], types: [.bfloat16]) { $0[0].to(.float32) * 2 },
    Operation("from_bytes, copy_bytes", calls: ["from_bytes", "copy_bytes"], some, gradient: false)
    {
      let t = $0[0]
      return t.bytes.withUnsafeBytes { Tensor(bytes: $0, shape: t.shape, type: t.type) }
    },
    Operation("item", some, gradient: false) {
      Tensor([Float($0[0].max(0).narrowed(0, 0..<1).sum().item)], shape: [1])
    },
  ]

  private static let inPlace: [Operation] = [
    Operation("copy_", alike, gradient: false) {
      $0[0].set($0[1]); return $0[0]
    },
    Operation("fill_", some, gradient: false) {
      $0[0].fill(2.5); return $0[0]
    },
    Operation("add_scaled_", alike, gradient: false) {
      $0[0].addInPlace($0[1], times: -0.3)
      return $0[0]
    },
    Operation("mul_scalar_", some, gradient: false) {
      $0[0].multiplyInPlace(0.7); return $0[0]
    },
    Operation("lerp_", alike, gradient: false) {
      $0[0].moveInPlace(towards: $0[1], by: 0.1)
      return $0[0]
    },
  ]

  private static let three: [[Input]] = [[.normal([30, 20]), .normal([77]), .normal([4, 5, 6])]]

  private static let lists: [Operation] = [
    Operation("foreach_norm", three, types: [.float32], gradient: false) {
      $0.norm
    },
    Operation("foreach_mul_", three, gradient: false) {
      $0.multiplyInPlace(0.4); return flat($0)
    },
    Operation("foreach_to", three, types: [.float32]) { flat($0.to(.bfloat16).to(.float32)) },
    Operation(
      "foreach_scale_add_",
      [[.normal([5, 9]), .normal([5, 9]), .normal([]), .normal([2, 5, 9])]],
      gradient: false
    ) {
      let both = [$0[0], $0[1]]
      both.scaleInPlace(by: $0[2], adding: $0[3])
      return flat(both)
    },
    Operation("foreach_lerp_", three, gradient: false) {
      $0.moveInPlace(towards: $0.map { $0.squared() }, by: 0.25)
      return flat($0)
    },
    Operation("adamw_", three, types: [.float32], gradient: false) { adamW($0) },
    Operation("adamw_ with divisor", calls: ["adamw_"], three, types: [.float32], gradient: false) {
      let device = $0[0].device
      return adamW(
        $0, divisor: Tensor(repeating: 3, shape: [], on: device), skip: .zeros([], on: device))
    },
    Operation("adamw_ left out", calls: ["adamw_"], three, types: [.float32], gradient: false) {
      adamW($0, skip: Tensor(repeating: 1, shape: [], on: $0[0].device))
    },
    Operation(
      "backward, grad", calls: ["backward", "grad", "set_grad_tensor", "clear_grad", "detach"],
      some,
      types: [.float32], gradient: false
    ) {
      let x = $0[0].detached().copy()
      x.trackGradient()
      (x * x * x).sum().backward()
      let first = x.gradient!.copy()
      x.clearGradient()
      x.setGradient(first * 2)
      (x * 3).sum().backward()  // adds up
      return x.gradient!
    },
  ]

  private static let making: [Operation] = [
    Operation("full, arange", calls: ["full", "arange", "empty"], some, gradient: false) {
      let device = $0[0].device
      let made = Tensor(empty: [6], type: .float32, on: device)
      made.set(Tensor.arange(6, on: device) * Tensor(repeating: 1.5, shape: [6], on: device))
      return made
    }
  ]

  private static func flat(_ tensors: [Tensor]) -> Tensor {
    .concatenated(tensors.map { $0.reshaped(-1) }, axis: 0)
  }

  /// Three steps on fixed gradients.
  private static func adamW(
    _ parameters: [Tensor], divisor: Tensor? = nil, skip: Tensor? = nil
  ) -> Tensor {
    func zeros(_ t: Tensor) -> Tensor { .zeros(t.shape, type: t.type, on: t.device) }
    let (first, second) = (parameters.map(zeros), parameters.map(zeros))
    let steps = parameters.map { Tensor.zeros([], on: $0.device) }
    for i in 1...3 {
      parameters.adamWInPlace(
        gradients: parameters.map { $0.squared() * Double(i) - 0.5 }, first: first, second: second,
        steps: steps, rate: 0.01, betas: (0.9, 0.95), decay: 0.1, epsilon: 1e-8,
        divisor: divisor, skip: skip)
    }
    return flat(parameters)
  }
}
