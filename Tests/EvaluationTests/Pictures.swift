import Scene

/// The test images of `Reference/flip_golden.py`, in whole numbers, so that they are the same there.
func picture(_ kind: String, width: Int = 48, height: Int = 40) -> Image {
  func value(_ x: Int, _ y: Int, _ c: Int) -> Int {
    switch kind {
    case "black": 0
    case "white": 255
    case "red": c == 0 ? 255 : 0
    case "green": c == 1 ? 255 : 0
    case "blue": c == 2 ? 255 : 0
    case "ramp": (x * 5 + y * 3 + c * 40) % 256
    case "ramp+2": ((x + 2) * 5 + y * 3 + c * 40) % 256
    case "dark": ((x * 5 + y * 3 + c * 40) % 256) / 2
    case "boxes": ((x / 8 + y / 8) % 2) * (200 - 60 * c) + 20
    case "boxes+1": (((x + 1) / 8 + y / 8) % 2) * (200 - 60 * c) + 20
    case "noise": (x * x * 31 + y * y * 17 + x * y * 7 + c * 101) % 256
    default: fatalError("no picture is called \(kind)")
    }
  }
  let pixels = (0..<width * height * 3).map {
    UInt8(value($0 / 3 % width, $0 / 3 / width, $0 % 3))
  }
  return Image(width: width, height: height, pixels: pixels)
}
