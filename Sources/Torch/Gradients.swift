internal import CTorch

extension Tensor {
  /// Whether operations on this tensor are recorded for `backward`.
  public var requiresGradient: Bool { ct_requires_grad(pointer) }

  /// Marks a leaf (a parameter): gradients will gather in `gradient`.
  public func trackGradient(_ on: Bool = true) {
    check("requires_grad", [self], ct_set_requires_grad(pointer, on))
  }

  /// Adds the gradient of this scalar to every tracked leaf that it came from.
  public func backward() { check("backward", [self], ct_backward(pointer)) }

  /// What `backward` gathered here; nil before it did.
  public var gradient: Tensor? { ct_grad(pointer).map { Tensor(Handle($0)) } }

  public func clearGradient() { ct_clear_grad(pointer) }

  public func setGradient(_ gradient: Tensor) { ct_set_grad_tensor(pointer, gradient.pointer) }

  /// The same values, cut off from their history.
  public func detached() -> Tensor { map("detach", ct_detach) }
}

extension [Tensor] {
  /// Each of them, all of one type, in another one; gradients come back in the old one.
  public func to(_ type: ElementType) -> [Tensor] {
    guard !isEmpty else { return [] }
    var made = [OpaquePointer?](repeating: nil, count: count)
    check("foreach to", [], list(self) { ct_foreach_to($0, $1, type.code, &made) })
    return made.map { Tensor(Tensor.Handle($0!)) }
  }
}

// Many tensors in one call, as optimisers need; no gradient is recorded.
extension [Tensor] {
  /// Each times a factor `[]`, plus its part of `[n, ..]`.
  public func scaleInPlace(by factor: Tensor, adding addends: Tensor) {
    let status = list(self) { ct_foreach_scale_add_($0, $1, factor.pointer, addends.pointer) }
    check("foreach scale, add", [factor, addends], status)
  }

  /// The Euclidean norm of all elements of all tensors, `[]`.
  public var norm: Tensor { Tensor.make("norm") { list(self) { ct_foreach_norm($0, $1) } } }

  public func multiplyInPlace(_ s: Double) {
    check("foreach mul", [], list(self) { ct_foreach_mul_($0, $1, s) })
  }

  /// Each goes the fraction `t` of the way to its partner in `others`.
  public func moveInPlace(towards others: [Tensor], by t: Double) {
    let status = list(self) { to, n in list(others) { from, _ in ct_foreach_lerp_(to, from, n, t) }
    }
    check("foreach lerp", [], status)
  }

  /// One fused AdamW step on these parameters (Loshchilov & Hutter, arXiv 1711.05101).
  ///
  /// - Parameters:
  ///   - first: running means of the gradients, changed in place.
  ///   - second: running means of their squares, changed in place.
  ///   - steps: one Float32 counter a parameter, counted up.
  ///   - divisor: what gradients are divided by, in place, `[]`.
  ///   - skip: 1 to change nothing, else 0, `[]`; so that a device can decide by itself.
  public func adamWInPlace(
    gradients: [Tensor], first: [Tensor], second: [Tensor], steps: [Tensor], rate: Double,
    betas: (Double, Double), decay: Double, epsilon: Double, divisor: Tensor? = nil,
    skip: Tensor? = nil
  ) {
    let all = [gradients, first, second, steps]
    precondition(all.allSatisfy { $0.count == count }, "adamW: lists of different lengths")
    let status = list(self) { p, n in
      list(gradients) { g, _ in
        list(first) { m, _ in
          list(second) { v, _ in
            list(steps) { s, _ in
              ct_adamw_(
                p, g, m, v, s, n, rate, betas.0, betas.1, decay, epsilon, divisor?.pointer,
                skip?.pointer)
            }
          }
        }
      }
    }
    check("adamW", self, status)
  }
}
