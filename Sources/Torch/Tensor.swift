internal import CTorch

/// An array of numbers on a device, with as many axes as it needs: libtorch's tensor.
///
/// A tensor is a reference to storage, as in PyTorch: copies of the value share it, operations make
/// new ones, and methods that end in `InPlace` (or `set`) write to it. A mismatch of shapes is a
/// bug in the program, so it stops, naming the operation and the shapes. Tensors are not
/// `Sendable`: they stay on the thread, or in the actor, that made them.
///
///     let x = Tensor([1, 2, 3, 4], shape: [2, 2])
///     (x.matmul(x) + 1).floats  // [8, 11, 16, 23]
public struct Tensor {
  let handle: Handle

  init(_ handle: Handle) { self.handle = handle }

  var pointer: OpaquePointer { handle.pointer }

  /// Owns one libtorch handle and releases it.
  final class Handle {
    let pointer: OpaquePointer
    init(_ pointer: OpaquePointer) { self.pointer = pointer }
    deinit { ct_release(pointer) }
  }
}

// MARK: Making

extension Tensor {
  /// A Float32 tensor on the CPU from values in row-major order.
  public init(_ values: [Float], shape: [Int]) {
    self = values.withUnsafeBytes { Tensor(bytes: $0, shape: shape, type: .float32) }
  }

  /// A tensor of integers (for indices) on the CPU.
  public init(_ values: [Int], shape: [Int]? = nil) {
    self = values.map(Int64.init).withUnsafeBytes {
      Tensor(bytes: $0, shape: shape ?? [values.count], type: .int64)
    }
  }

  /// A tensor on the CPU from raw bytes in row-major order, copied.
  public init(bytes: UnsafeRawBufferPointer, shape: [Int], type: ElementType) {
    let wanted = shape.reduce(1, *) * type.size
    precondition(bytes.count == wanted, "Tensor: \(bytes.count) bytes for \(shape) of \(type)")
    self = Tensor.make("Tensor.init") {
      dims(shape) { d, n in
        withUnsafePointer(to: 0) {
          ct_from_bytes(bytes.baseAddress ?? UnsafeRawPointer($0), d, n, type.code)
        }
      }
    }
  }

  /// A tensor of no particular values; write before reading.
  public init(empty shape: [Int], type: ElementType = .float32, on device: Device = .cpu) {
    self = Tensor.make("empty") {
      dims(shape) { ct_empty($0, $1, type.code, device.code, device.index) }
    }
  }

  public init(
    repeating value: Double, shape: [Int], type: ElementType = .float32, on device: Device = .cpu
  ) {
    self = Tensor.make("full") {
      dims(shape) { ct_full($0, $1, value, type.code, device.code, device.index) }
    }
  }

  public static func zeros(_ shape: [Int], type: ElementType = .float32, on device: Device = .cpu)
    -> Tensor
  {
    Tensor(repeating: 0, shape: shape, type: type, on: device)
  }

  /// 0, 1, ..., count - 1.
  public static func arange(_ count: Int, type: ElementType = .float32, on device: Device = .cpu)
    -> Tensor
  {
    make("arange") { ct_arange(0, Double(count), 1, type.code, device.code, device.index) }
  }
}

// MARK: Looking

extension Tensor {
  public var shape: [Int] {
    let rank = Int(ct_rank(pointer))
    let sizes = [Int64](unsafeUninitializedCapacity: rank) { buffer, count in
      if let base = buffer.baseAddress { ct_shape(pointer, base) }
      count = rank
    }
    return sizes.map(Int.init)
  }

  public var rank: Int { Int(ct_rank(pointer)) }
  public var count: Int { shape.reduce(1, *) }
  public var type: ElementType { ElementType(code: ct_dtype(pointer)) }
  public var device: Device {
    Device(code: ct_device_kind(pointer), index: ct_device_index(pointer))
  }

  /// The values in row-major order as Float32, copied from wherever they are.
  public var floats: [Float] {
    let t = to(.float32)
    return [Float](unsafeUninitializedCapacity: t.count) { buffer, n in
      t.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      n = t.count
    }
  }

  /// The values in row-major order as Float64, copied.
  public var doubles: [Double] {
    let t = to(type, .cpu).to(.float64)  // which Apple's GPUs lack
    return [Double](unsafeUninitializedCapacity: t.count) { buffer, n in
      t.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      n = t.count
    }
  }

  /// The values in row-major order as bytes of the tensor's own type, copied.
  public var bytes: [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count * type.size) { buffer, n in
      copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      n = count * type.size
    }
  }

  /// The only value of a tensor with one element. Waits for the device.
  public var item: Double {
    var value = 0.0
    check("item", [self], ct_item(pointer, &value))
    return value
  }

  func copyBytes(to buffer: UnsafeMutableRawBufferPointer) {
    guard let base = buffer.baseAddress else { return }
    check("copy", [self], ct_copy_bytes(pointer, base, buffer.count))
  }

  /// The address of a contiguous CPU tensor's Float32 values, for code that reads or writes in
  /// place while `body` runs.
  public func withFloats<R>(_ body: (UnsafeMutableBufferPointer<Float>) throws -> R) rethrows -> R {
    guard type == .float32, ct_is_contiguous(pointer), let data = ct_data(pointer) else {
      fatalError("withFloats: needs a contiguous Float32 tensor on the CPU, got \(summary)")
    }
    let base = data.assumingMemoryBound(to: Float.self)
    return try withExtendedLifetime(handle) {
      try body(UnsafeMutableBufferPointer(start: base, count: count))
    }
  }

  /// Shape, type and device in a few words, as errors print them.
  public var summary: String { "\(shape) \(type) \(device)" }
}

extension Tensor: CustomStringConvertible {
  public var description: String { "Tensor(\(summary))" }
}

// MARK: Calling libtorch

extension Tensor {
  /// Takes over the handle that `call` returns; stops with the operation's name when there is none.
  static func make(
    _ operation: String, _ inputs: [Tensor] = [], _ call: () -> OpaquePointer?
  ) -> Tensor {
    guard let pointer = call() else { fail(operation, inputs) }
    return Tensor(Handle(pointer))
  }
}

/// Stops when libtorch reported a failure.
func check(_ operation: String, _ inputs: [Tensor], _ status: Int32) {
  if status != 0 { fail(operation, inputs) }
}

private func fail(_ operation: String, _ inputs: [Tensor]) -> Never {
  let shapes = inputs.map(\.summary).joined(separator: ", ")
  fatalError("\(operation)(\(shapes)): \(String(cString: ct_error()))")
}

/// Passes a shape to C.
func dims<R>(_ shape: [Int], _ body: (UnsafePointer<Int64>, Int32) -> R) -> R {
  withUnsafeTemporaryAllocation(of: Int64.self, capacity: max(1, shape.count)) { buffer in
    for (i, n) in shape.enumerated() { buffer[i] = Int64(n) }
    return body(UnsafePointer(buffer.baseAddress!), Int32(shape.count))
  }
}

/// Passes a list of tensors to C.
func list<R>(
  _ tensors: [Tensor], _ body: (UnsafePointer<OpaquePointer>, Int32) -> R
) -> R {
  let pointers = tensors.map(\.pointer)
  return withExtendedLifetime(tensors) {
    pointers.withUnsafeBufferPointer { body($0.baseAddress!, Int32(pointers.count)) }
  }
}
