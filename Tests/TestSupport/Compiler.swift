import Foundation
import Torch

/// NVRTC, where pip or the bundle's set-up has brought it.
public enum Compiler {
  public static let isHere: Bool = {
    let fetched = "\(Package.root)/.deps/cuda/nvidia/cu13/lib/libnvrtc.so.13"
    if Package.exists(fetched) { setenv("RTFM_NVRTC", fetched, 0) }
    return GPUCode.compiler != nil
  }()
}
