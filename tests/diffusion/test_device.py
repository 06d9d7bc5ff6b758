"""Devices: which there are, and all the ways in which they say that their memory is full."""

import errno
import os

import numpy as np
import pytest
import torch

from pix2pix import Editor, InvalidRequest
from pix2pix.diffusion.device import choose_device, give_back_memory, is_out_of_memory

OUT_OF_MEMORY = [
    MemoryError(),
    np._core._exceptions._ArrayMemoryError((1 << 40,), np.dtype(float)),
    OSError(errno.ENOMEM, os.strerror(errno.ENOMEM)),
    torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB."),
    torch.AcceleratorError("CUDA error: out of memory", 2),
    RuntimeError("CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported"),
    RuntimeError("HIP out of memory. Tried to allocate 2.00 GiB."),
    RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"),
    RuntimeError("MPS backend out of memory (MPS allocated: 8.9 GB, other allocations: 1 GB, max allowed: 9 GB)."),
    RuntimeError("Invalid buffer size: 12.00 GiB"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:118] err == 0. DefaultCPUAllocator: can't allocate memory: you tried"),
    RuntimeError("[enforce fail at alloc_cpu.cpp:80] data. DefaultCPUAllocator: not enough memory: you tried"),
]
OTHER_ERRORS = [
    RuntimeError("CUDA error: an illegal memory access was encountered"),
    RuntimeError("mat1 and mat2 shapes cannot be multiplied (77x512 and 768x320)"),
    FileNotFoundError(errno.ENOENT, "No such file or directory"),
    KeyError("memory"),
]


@pytest.mark.parametrize("error", OUT_OF_MEMORY, ids=repr)
def test_every_way_to_say_that_memory_is_full(error):
    assert is_out_of_memory(error)


@pytest.mark.parametrize("error", OTHER_ERRORS, ids=repr)
def test_other_errors_are_not_taken_for_it(error):
    assert not is_out_of_memory(error)


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_memory_is_given_back_where_a_device_has_its_own(device, monkeypatch):
    emptied = []
    monkeypatch.setattr(torch.cuda, "empty_cache", lambda: emptied.append("cuda"))
    monkeypatch.setattr(torch.mps, "empty_cache", lambda: emptied.append("mps"))
    give_back_memory(torch.device(device))
    give_back_memory(torch.device("cpu"))
    assert emptied == [device]


def test_a_device_that_broke_has_nothing_to_give_back(monkeypatch):
    def broken():
        raise torch.AcceleratorError("CUDA error: an illegal memory access was encountered", 700)

    monkeypatch.setattr(torch.cuda, "empty_cache", broken)
    give_back_memory(torch.device("cuda"))


@pytest.mark.parametrize("device", ["cuda", "mps", "tpu", "", "cuda:7", "cuda:x", "cpu:1"])
def test_a_device_that_is_not_there_is_one_sentence(device, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)
    with pytest.raises(InvalidRequest):
        Editor.load("pocket", device=device)


def test_a_gpu_beyond_the_last_one_is_not_there(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    assert choose_device() == torch.device("cuda")
    assert choose_device("cuda:1") == torch.device("cuda:1")
    with pytest.raises(InvalidRequest):
        choose_device("cuda:2")
