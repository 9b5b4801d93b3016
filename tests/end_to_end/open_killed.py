"""open_killed.py STRAIGHT DIRECTORY: opens the recordings that killed runs left in DIRECTORY with the
readers that Python users have, and compares the frames that are told to be whole with those of the
recording of a run that was never killed."""
import os
import sys


def read_safetensors(path):
    """name -> (shape, bytes), and the metadata."""
    import safetensors
    with open(path, "rb") as file:
        data = file.read()
    tensors = {name: (about["shape"], about["data"]) for name, about in safetensors.deserialize(data)}
    with safetensors.safe_open(path, "numpy") as file:
        return tensors, file.metadata()


def read_hdf5(path):
    import h5py
    with h5py.File(path, "r") as file:
        tensors = {name: (list(file[name].shape), file[name][()].tobytes()) for name in file}
        return tensors, dict(file.attrs)


def read(path):
    with open(path, "rb") as file:
        hdf5 = file.read(4) == b"\x89HDF"
    return read_hdf5(path) if hdf5 else read_safetensors(path)


def whole_frames(name, tensors, through):
    there = tensors[name][0][0]
    if name + ".steps" in tensors:
        raw = tensors[name + ".steps"][1]
        steps = [int.from_bytes(raw[n:n + 8], "little") for n in range(0, len(raw), 8)]
        return min(there, sum(step <= through for step in steps))
    first = 1 if name == "h" else 0
    return max(0, min(there, through - first + 1))


def compare(path, expected):
    tensors, metadata = read(path)
    through = int(metadata["recorded_through_step"])
    total = 0
    for name in metadata["movies"].split():
        frames = whole_frames(name, tensors, through)
        (shape, data), (all_frames, straight) = tensors[name], expected[name]
        frame_bytes = len(straight) // all_frames[0]
        assert shape[1:] == all_frames[1:], f"{path}: {name} has the shape {shape}"
        length = frames * frame_bytes
        assert data[:length] == straight[:length], f"{path}: {name} has another frame"
        total += frames
    return total


def main():
    straight, directory = sys.argv[1:]
    expected, _ = read(straight)
    files = sorted(os.listdir(directory))
    totals = [compare(os.path.join(directory, name), expected) for name in files]
    print(f"{'h5py' if straight.endswith('.h5') else 'safetensors'} opened {len(files)} files of killed runs; "
          f"whole frames: {' '.join(map(str, totals))}")
    assert files and max(totals) > 0


main()
