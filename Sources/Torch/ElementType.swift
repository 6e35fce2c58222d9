internal import CTorch

/// What a tensor's elements are.
public enum ElementType: String, Hashable, Sendable, CaseIterable {
  case uint8, int32, int64, float16, bfloat16, float32, float64, bool

  var code: Int32 {
    switch self {
    case .uint8: Int32(CT_U8)
    case .int32: Int32(CT_I32)
    case .int64: Int32(CT_I64)
    case .float16: Int32(CT_F16)
    case .bfloat16: Int32(CT_BF16)
    case .float32: Int32(CT_F32)
    case .float64: Int32(CT_F64)
    case .bool: Int32(CT_BOOL)
    }
  }

  init(code: Int32) {
    guard let type = Self.allCases.first(where: { $0.code == code }) else {
      fatalError("libtorch's element type \(code) is none that this module knows")
    }
    self = type
  }

  /// Bytes an element.
  public var size: Int {
    switch self {
    case .uint8, .bool: 1
    case .float16, .bfloat16: 2
    case .int32, .float32: 4
    case .int64, .float64: 8
    }
  }
}
