import Foundation
import Generation
import Torch

/// The computer that figures were measured on.
struct Machine: Encodable {
  let cpu: String
  let cores: Int
  let libtorch: String
  /// The best rate of a product of two large Float32 matrices, in 10⁹ operations a second.
  let matmulGflops: Double
  /// The same in BFloat16, where that was measured.
  let matmulBfloat16Gflops: Double?

  init(measuring device: Device, precision: Precision) {
    cpu = Self.cpuName
    cores = ProcessInfo.processInfo.activeProcessorCount
    libtorch = Runtime.version
    matmulGflops = Self.matmulRate(on: device, .float32) / 1e9
    matmulBfloat16Gflops =
      precision == .bfloat16 ? Self.matmulRate(on: device, .bfloat16) / 1e9 : nil
  }

  private static var cpuName: String {
    let text = (try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)) ?? ""
    let line = text.split(separator: "\n").first { $0.hasPrefix("model name") }
    let name = line?.split(separator: ":").last?.trimmingCharacters(in: .whitespaces)
    return name ?? "unknown"
  }

  /// The rate that a network can't exceed.
  var bestGflops: Double { max(matmulGflops, matmulBfloat16Gflops ?? 0) }

  private static func matmulRate(on device: Device, _ type: ElementType, seconds: Double = 0.5)
    -> Double
  {
    let side = device == .cpu ? 1024 : 8192
    return Runtime.inference {
      let a = Generator(seed: 1, on: device).normal([side, side]).to(type)
      let clock = ContinuousClock()
      let end = clock.now + .seconds(seconds)
      var best = Double.infinity
      while clock.now < end {
        let time = clock.measure {
          _ = a.matmul(a)
          device.synchronize()
        }
        best = min(best, time / .seconds(1))
      }
      return 2 * pow(Double(side), 3) / best
    }
  }
}
