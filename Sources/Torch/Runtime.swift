internal import CTorch
import Dispatch
import Foundation
import Synchronization

/// libtorch's version, threads and modes. Modes and thread counts belong to the calling thread.
public enum Runtime {
  /// The version of libtorch that this program was built against.
  public static var version: String { String(cString: ct_version()) }

  /// How many threads one operation may use.
  public static var threads: Int {
    get { Int(ct_threads()) }
    set { ct_set_threads(Int32(newValue)) }
  }

  /// Treats the calling thread's subnormal floats as zero: they cost many times a normal one.
  public static func flushDenormals(_ on: Bool = true) { ct_flush_denormals(on) }

  /// Whether this machine's CPU multiplies BFloat16 faster than Float32.
  public static var hasFastBFloat16: Bool { ct_has_bfloat16() }

  /// Lets libtorch's CPU threads sleep as soon as they have nothing to do, from now on.
  ///
  /// They spin otherwise, for milliseconds after each operation: a little faster on an idle machine,
  /// and ten times slower where another program wants a core.
  public static func waitAsleep() { ct_wait_asleep() }

  /// Lets CUDA multiply Float32 matrices at TF32 precision.
  public static func allowTF32(_ on: Bool) { ct_allow_tf32(on) }

  /// Lets CUDA attend by cuDNN, as it does by itself on Hopper: its fastest way, but one that is
  /// planned anew, for up to a second, for every new number of tokens.
  public static func allowCuDNNAttention(_ on: Bool) { ct_allow_cudnn_attention(on) }

  /// Runs `body` without recording gradients.
  public static func withoutGradients<R>(_ body: () throws -> R) rethrows -> R {
    let former = ct_set_grad(false)
    defer { _ = ct_set_grad(former) }
    return try body()
  }

  /// Runs `body` on a thread of its own, whose modes are those that every thread begins with, and waits
  /// for it.
  static func onOtherThread<R: Sendable>(_ body: @escaping @Sendable () -> R) -> R {
    let result = Mutex<R?>(nil)
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      let value = body()
      result.withLock { $0 = value }
      done.signal()
    }
    thread.stackSize = 8 << 20
    thread.start()
    done.wait()
    return result.withLock { $0! }
  }

  /// Runs `body` in inference mode: no gradients, and none can ever be asked of its tensors.
  ///
  /// Never hold it across an `await`: it belongs to the thread.
  public static func inference<R>(_ body: () throws -> R) rethrows -> R {
    let guardian = ct_inference_enter()
    defer { ct_inference_leave(guardian) }
    return try body()
  }
}

/// A source of random numbers: the same seed on the same kind of device gives the same numbers.
public final class Generator {
  let pointer: OpaquePointer
  public let device: Device

  public init(seed: UInt64, on device: Device = .cpu) {
    guard let pointer = ct_generator_new(seed, device.code, device.index) else {
      fatalError("generator on \(device): \(String(cString: ct_error()))")
    }
    self.pointer = pointer
    self.device = device
  }

  deinit { ct_generator_release(pointer) }

  /// Numbers from the standard normal distribution.
  public func normal(_ shape: [Int], type: ElementType = .float32) -> Tensor {
    Tensor.make("randn") {
      dims(shape) { ct_randn($0, $1, pointer, type.code, device.code, device.index) }
    }
  }

  /// Numbers evenly distributed in 0..<1.
  public func uniform(_ shape: [Int], type: ElementType = .float32) -> Tensor {
    Tensor.make("rand") {
      dims(shape) { ct_rand($0, $1, pointer, type.code, device.code, device.index) }
    }
  }
}
