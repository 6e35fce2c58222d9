import Foundation
import Scene
import TestSupport
import Torch

@testable import Generation

/// A golden network with its inputs and the twin's answers.
struct Golden {
  let io: [String: Tensor]
  let model: FrameModel
  let scale: Double

  /// - Parameter model: whose weights, where the scene has none of its own.
  init(_ name: String, model: String? = nil) throws {
    let file = try Safetensors(contentsOf: Package.golden("\(name)_io"))
    io = file.tensors
    scale = Double(file.metadata["scale"]!)!
    self.model = try FrameModel(contentsOf: Package.golden(model ?? name))
  }

  subscript(name: String) -> Tensor { io[name]! }

  func cameras(_ prefix: String) -> [Camera] {
    Self.cameras(lens: self["\(prefix)/lens"], pose: self["\(prefix)/pose"])
  }

  /// Cameras from `[.., 6]` lenses (fx, fy, cx, cy, X, Y) and `[.., 4, 4]` camera-to-world poses.
  static func cameras(lens: Tensor, pose: Tensor) -> [Camera] {
    let (k, m) = (lens.doubles, pose.doubles)
    return (0..<k.count / 6).map { i in
      let l = Array(k[i * 6..<i * 6 + 6])
      let p = Array(m[i * 16..<i * 16 + 16])
      func column(_ j: Int) -> SIMD3<Double> { [p[j], p[4 + j], p[8 + j]] }
      return Camera(
        intrinsics: Intrinsics(
          width: Int(l[4]), height: Int(l[5]), focal: [l[0], l[1]], center: [l[2], l[3]]),
        pose: Pose(
          rotation: Matrix3(columns: column(0), column(1), column(2)), position: column(3)))
    }
  }
}
