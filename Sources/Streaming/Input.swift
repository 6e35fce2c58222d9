import Scene

#if canImport(FoundationEssentials)
  import FoundationEssentials
#else
  import Foundation
#endif

/// What a viewer's page says: keys held now, how far the mouse went since it last said, and which
/// frame it has.
///
///     {"v":1,"seq":7,"move":[0,0,1],"turn":[0.02,0],"seen":41}
struct Input: Hashable, Sendable {
  /// Counts the page's messages; comes back in the first frame that shows this one.
  var seq: UInt32
  /// Right, up, forward, each in -1...1: a state, the newest wins.
  var move: SIMD3<Double> = .zero
  /// To the right, upwards, in radians: a change, so it adds up.
  var turn: SIMD2<Double> = .zero
  /// The newest frame that has arrived: the leave to send another.
  var seen: UInt32 = 0
  /// How long `move` lasts: this makes one frame, whatever the clock says. Nil: as long as keys are
  /// held.
  var seconds: Double?
  /// Where to go at once, before turning and moving.
  var jump: Action.Jump?
}

extension Input {
  /// The farthest that one message may turn: more is not a mouse.
  private static let maximumTurn = 100.0

  /// Reads one text message, or says why the viewer has to go.
  init(json: [UInt8]) throws(Refusal) {
    guard let message = try? JSONDecoder().decode(Message.self, from: Data(json)) else {
      throw Refusal(.notUnderstood, "Input is not the JSON of version 1")
    }
    guard message.v == 1 else {
      throw Refusal(.notAllowed, "Input has version \(message.v); this server speaks version 1")
    }
    guard message.move.count == 3, message.turn.count == 2,
      (message.move + message.turn).allSatisfy(\.isFinite)
    else {
      throw Refusal(.notUnderstood, "Input needs 3 numbers in move and 2 in turn")
    }
    guard message.seconds?.isFinite ?? true else {
      throw Refusal(.notUnderstood, "Input needs a number in seconds, if anything")
    }
    let (m, t, limit) = (message.move, message.turn, Self.maximumTurn)
    self.init(
      seq: message.seq,
      move: SIMD3(m[0], m[1], m[2]).clamped(
        lowerBound: SIMD3(repeating: -1), upperBound: SIMD3(repeating: 1)),
      turn: SIMD2(t[0], t[1]).clamped(
        lowerBound: SIMD2(repeating: -limit), upperBound: SIMD2(repeating: limit)),
      seen: message.seen ?? 0,
      seconds: message.seconds.map { min(Mailbox.heldFor.upperBound, max(0, $0)) },
      jump: try message.place)
  }

  private struct Message: Decodable {
    var v: Int
    var seq: UInt32
    var move: [Double]
    var turn: [Double]
    var seen: UInt32?
    var seconds: Double?
    var jump: Int?
    var pose: [Double]?

    /// Where to go at once.
    var place: Action.Jump? {
      get throws(Refusal) {
        guard jump == nil || pose == nil else {
          throw Refusal(.notUnderstood, "Input goes to one place at once: jump or pose, not both")
        }
        if let pose { return .pose(try Pose(numbers: pose)) }
        return jump.map { $0 < 0 ? .start : .keyframe($0) }
      }
    }
  }
}

extension Pose {
  /// From right, down, forward and position, camera to world, three numbers each, as frames have them.
  fileprivate init(numbers: [Double]) throws(Refusal) {
    guard numbers.count == 12, numbers.allSatisfy({ abs($0) <= Pose.farthest }) else {
      throw Refusal(
        .notUnderstood, "Input needs 12 numbers in pose: right, down, forward, position")
    }
    let v = stride(from: 0, to: 12, by: 3).map {
      SIMD3(numbers[$0], numbers[$0 + 1], numbers[$0 + 2])
    }
    let rotation = Matrix3(columns: v[0], v[1], v[2])
    guard rotation.orthonormalityError <= Pose.rotationTolerance, rotation.determinant > 0 else {
      throw Refusal(
        .notUnderstood,
        "Right, down, forward in pose must be perpendicular, of length 1, right-handed")
    }
    self.init(rotation: rotation.orthonormalized, position: v[3])
  }
}

/// What the server says in words: JSON, one kind of thing a message.
enum Notice: Sendable {
  /// The first thing: what this place is called.
  case hello(title: String)
  /// Keyframes that are new on the map.
  case keyframes([(id: Int, place: Place)])
  /// What is not as it should be while the walk goes on; empty once it is well again.
  case warning(String)
  /// What went wrong; the connection is closed next.
  case error(String)

  var json: String {
    switch self {
    case .hello(let title): Self.encode(["title": title])
    case .warning(let text): Self.encode(["warning": text])
    case .error(let text): Self.encode(["error": text])
    case .keyframes(let list):
      #"{"keyframes":["#
        + list.map {
          "[\($0.id),\(number($0.place.x)),\(number($0.place.y)),\(number($0.place.heading))]"
        }
        .joined(separator: ",") + "]}"
    }
  }

  private static func encode(_ object: [String: String]) -> String {
    String(decoding: (try? JSONEncoder().encode(object)) ?? Data("{}".utf8), as: UTF8.self)
  }

  /// JSON knows no NaN and no infinity.
  private func number(_ f: Float) -> Float { f.isFinite ? f : 0 }
}
