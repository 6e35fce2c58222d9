public import Scene

/// One viewer's walk in a world: a camera that actions move, and what it sees.
///
///     let session = Session(in: world, at: start, gait: Gait(up: [0, 0, 1], speed: 1.4))
///     let view = await session.step(Action(move: [0, 0, 1]))
public actor Session {
  public nonisolated let gait: Gait
  public private(set) var camera: Camera
  private let world: World
  private let start: Pose
  /// The view that was drawn last, and what has become of it since.
  private var last: World.Drawn?
  private var refinement: Refinement?

  /// A walk from a camera on, which is levelled.
  public init(in world: World, at camera: Camera, gait: Gait) {
    self.world = world
    self.camera = camera
    self.camera.move(by: Action(), gait: gait)
    start = self.camera.pose
    self.gait = gait
  }

  /// Jumps and moves as the action says and draws what is seen from there; who stands still sees it become
  /// sharper, where the world draws anything finer.
  public func step(_ action: Action) async -> World.Drawn {
    if action.isRest, let last, refinement != nil { return await refine(last) }
    if case .keyframe(let id) = action.jump { await jump(to: id) }
    move(by: action)
    let drawn = await world.draw(camera)
    (last, refinement) = (drawn, Refinement(of: drawn, in: world))
    return drawn
  }

  /// Goes to where a keyframe was taken, and levels the camera.
  private func jump(to id: Int) async {
    guard id >= 0, let keyframe = await world.keyframes(from: id, limit: 1).first else { return }
    camera.pose = keyframe.pose
    camera.move(by: Action(), gait: gait)
  }

  /// Goes to the start or to a pose, exactly, and from there as keys and mouse say.
  private func move(by action: Action) {
    switch action.jump {
    case .start: camera.pose = start
    case .pose(let pose): camera.pose = pose
    case .keyframe, nil: break
    }
    if action.moves { camera.move(by: action, gait: gait) }
  }

  private func refine(_ view: World.Drawn) async -> World.Drawn {
    guard let next = refinement?.next else {
      refinement?.rest()
      return refinement?.drawn ?? view
    }
    let tile = await world.drawTile(next, of: view)
    // Another step may have been taken meanwhile: the tile is of no use any more.
    guard view === last, refinement?.next == next else { return refinement?.drawn ?? view }
    refinement!.add(tile)
    return refinement!.drawn
  }
}
