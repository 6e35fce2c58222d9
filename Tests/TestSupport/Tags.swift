public import Testing

extension Tag {
  /// Takes many seconds.
  @Tag public static var slow: Self
  /// Needs a GPU.
  @Tag public static var gpu: Self
}
