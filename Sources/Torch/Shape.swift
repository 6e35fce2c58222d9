internal import CTorch

// Axes moved, joined and cut. Results share storage where they can.
extension Tensor {
  /// Another shape for the same values; one axis may be -1, to be worked out.
  public func reshaped(_ shape: Int...) -> Tensor { reshaped(shape) }

  public func reshaped(_ shape: [Int]) -> Tensor {
    Tensor.make("reshape to \(shape)", [self]) { dims(shape) { ct_reshape(pointer, $0, $1) } }
  }

  public func permuted(_ order: Int...) -> Tensor {
    Tensor.make("permute by \(order)", [self]) { dims(order) { ct_permute(pointer, $0, $1) } }
  }

  public func transposed(_ i: Int, _ j: Int) -> Tensor {
    Tensor.make("transpose", [self]) { ct_transpose(pointer, Int32(i), Int32(j)) }
  }

  /// Axes of length 1 repeated without copying; -1 keeps an axis.
  public func expanded(_ shape: Int...) -> Tensor { expanded(shape) }

  public func expanded(_ shape: [Int]) -> Tensor {
    Tensor.make("expand to \(shape)", [self]) { dims(shape) { ct_expand(pointer, $0, $1) } }
  }

  /// A stretch of one axis, sharing storage.
  public func narrowed(_ axis: Int, _ range: Range<Int>) -> Tensor {
    Tensor.make("narrow \(axis) to \(range)", [self]) {
      ct_narrow(pointer, Int32(axis), Int64(range.lowerBound), Int64(range.count))
    }
  }

  /// The rows of an axis that an integer tensor names.
  public func rows(_ index: Tensor, axis: Int = 0) -> Tensor {
    Tensor.make("indexSelect", [self, index]) {
      ct_index_select(pointer, Int32(axis), index.pointer)
    }
  }

  /// Cuts an axis into parts of the given sizes.
  public func split(_ sizes: [Int], axis: Int = -1) -> [Tensor] {
    var parts = [OpaquePointer?](repeating: nil, count: sizes.count)
    let status = dims(sizes) { ct_split(pointer, $0, $1, Int32(axis), &parts) }
    check("split into \(sizes)", [self], status)
    return parts.map { Tensor(Handle($0!)) }
  }

  /// Cuts an axis into equal parts.
  public func split(_ count: Int, axis: Int = -1) -> [Tensor] {
    let length = shape[axis < 0 ? rank + axis : axis]
    precondition(length % count == 0, "split: axis of \(length) into \(count) equal parts")
    return split(Array(repeating: length / count, count: count), axis: axis)
  }

  public static func concatenated(_ tensors: [Tensor], axis: Int) -> Tensor {
    make("cat", tensors) { list(tensors) { ct_cat($0, $1, Int32(axis)) } }
  }

  public static func stacked(_ tensors: [Tensor], axis: Int = 0) -> Tensor {
    make("stack", tensors) { list(tensors) { ct_stack($0, $1, Int32(axis)) } }
  }

  public func contiguous() -> Tensor { map("contiguous", ct_contiguous) }

  /// A copy with storage of its own.
  public func copy() -> Tensor { map("clone", ct_clone) }

  public func to(_ type: ElementType) -> Tensor { to(type, device) }

  public func to(_ device: Device) -> Tensor { to(type, device) }

  /// Moved from the CPU's memory without waiting for a GPU to be done with what it was given.
  public func sent(to device: Device) -> Tensor {
    if device == self.device { return self }
    return Tensor.make("send to \(device)", [self]) { ct_send(pointer, device.code, device.index) }
  }

  /// Converted and moved; itself where nothing changes.
  public func to(_ type: ElementType, _ device: Device) -> Tensor {
    if type == self.type && device == self.device { return self }
    return Tensor.make("to \(type) \(device)", [self]) {
      ct_to(pointer, type.code, device.code, device.index)
    }
  }
}
