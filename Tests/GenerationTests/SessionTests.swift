import Scene
import TestSupport
import Testing

@testable import Generation

/// A viewer's walk.
@Suite struct SessionTests {
  private static let gait = Gait(up: [0, -1, 0], speed: 1)

  private static func jump(_ jump: Action.Jump, turn: SIMD2<Double> = .zero) -> Action {
    var action = Action(turn: turn)
    action.jump = jump
    return action
  }

  /// Four upright cameras in a row that look ahead, and a walk that begins before them.
  private static func session() async -> (Session, [Camera]) {
    let world = World(model: .lively(), scale: 2)
    var scenes = Scenes(seed: 3)
    let lens = scenes.frame(width: 16, height: 16).camera.intrinsics
    let cameras = (0..<4).map { i in
      Camera(
        intrinsics: lens,
        pose: Pose(at: [Double(i), 0, 0], facing: [0, 0, 1], up: [0, -1, 0]))
    }
    await world.add(
      cameras.map { Frame(image: Image(width: 16, height: 16), camera: $0) }, size: (16, 16))
    let start = Camera(
      intrinsics: lens, pose: Pose(at: [1, 0, -3], facing: [0, 0, 1], up: [0, -1, 0]))
    return (Session(in: world, at: start, gait: gait), cameras + [start])
  }

  private static func gap(_ a: Pose, _ b: Pose) -> Double {
    (a.position - b.position).length + a.angle(to: b)
  }

  @Test func aJumpGoesThereAtOnce() async {
    let (session, cameras) = await Self.session()
    _ = await session.step(Action(move: [1, 0, 1], turn: [0.5, 0], duration: 1))
    let there = await session.step(Self.jump(.keyframe(2)))
    #expect(Self.gap(there.frame.camera.pose, cameras[2].pose) < 1e-6)
    let turned = await session.step(Self.jump(.keyframe(1), turn: [0.25, 0]))
    #expect(abs(Self.gap(turned.frame.camera.pose, cameras[1].pose) - 0.25) < 1e-6)
    let home = await session.step(Self.jump(.start))
    #expect(Self.gap(home.frame.camera.pose, cameras[4].pose) < 1e-6)
  }

  @Test(arguments: [4, -1, .max]) func aJumpToNoKeyframeGoesNowhere(id: Int) async {
    let (session, cameras) = await Self.session()
    let view = await session.step(Self.jump(.keyframe(id)))
    #expect(Self.gap(view.frame.camera.pose, cameras[4].pose) < 1e-6)
  }

  /// A camera that something else moves may roll; one that walks is level.
  @Test func aPoseIsTakenAsItIsUntilOneWalks() async {
    let (session, _) = await Self.session()
    let tilted = Pose(at: [0.3, -0.2, -1], facing: [0.2, 0.3, 1], up: [0.5, -1, 0])
    let there = await session.step(Self.jump(.pose(tilted)))
    #expect(there.frame.camera.pose == tilted)
    let still = await session.step(Action())
    #expect(still.frame.camera.pose == tilted)
    let turned = await session.step(Action(turn: [0.1, 0]))
    let pose = turned.frame.camera.pose
    #expect(abs(pose.right.dot([0, -1, 0])) < 1e-12 && pose.position == tilted.position)
    #expect(abs(pose.forward.y - tilted.forward.y) < 1e-12, "as steep as before")
  }

  @Test func aWalkBeginsLevel() async {
    let (_, cameras) = await Self.session()
    var start = cameras[0]
    start.pose = Pose(at: [0, 0, 0], facing: [0, 0, 1], up: [0.5, -1, 0])
    let session = Session(in: World(model: .lively(), scale: 2), at: start, gait: Self.gait)
    let first = await session.step(Action())
    #expect(Self.gap(first.frame.camera.pose, cameras[0].pose) < 1e-6)
  }

  /// Not a rest: who jumps to where they are is not shown tiles of the view before.
  @Test func aJumpIsNoRest() {
    #expect(!Self.jump(.start).isRest && !Self.jump(.keyframe(0)).isRest && Action().isRest)
  }
}
