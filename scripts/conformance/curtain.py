"""Draws the backscatter of an ATB product at 532 nm by time and altitude: curtain.py PRODUCT PICTURE."""

import sys

import matplotlib

matplotlib.use("Agg")

import matplotlib.dates as dates
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.colors import LogNorm
from matplotlib.patches import Patch

# From the noise of a single bin of the sample (about 3e-4) to its cloud (about 2e-2), in km-1 sr-1.
LIMITS = (3e-4, 2e-2)
# Unmeasured values: a grey that is not a colour of the data.
BACKGROUND = "0.85"


def draw(product, picture):
    """Draws a product and writes the picture."""
    with xr.open_dataset(product) as dataset:
        time, altitude = dataset.time.values, dataset.Bin_Alt
        # Negative values are noise around zero. They have no logarithm, so they get the lowest colour.
        measured = dataset.ATB_532.where(dataset.ATB_532_status == 0).clip(min=LIMITS[0])
        figure, axes = plt.subplots(figsize=(9, 4.6), dpi=100, layout="constrained")
        axes.set_facecolor(BACKGROUND)
        mesh = axes.pcolormesh(time, altitude, measured.T, norm=LogNorm(*LIMITS), cmap="viridis", shading="nearest")
        (aircraft,) = axes.plot(time, dataset.Plane_Alt, color="black", linewidth=1.5, label="aircraft")
        axes.set_ylim(-0.5, float(np.ceil(dataset.Plane_Alt.max())) + 1)
        axes.xaxis.set_major_formatter(dates.DateFormatter("%H:%M:%S"))
        axes.set_xlabel(f"time on {np.datetime_as_string(time[0], 'D')}, UTC")
        axes.set_ylabel(f"altitude above mean sea level ({altitude.units})")
        axes.set_title(f"{dataset.ATB_532.long_name}\n{dataset.attrs['id']} (synthetic sample)", fontsize=11)
        unmeasured = Patch(color=BACKGROUND, label="above the aircraft, below the surface, or missing")
        axes.legend(handles=[aircraft, unmeasured], loc="upper right", fontsize=8, ncols=2)
        figure.colorbar(mesh, ax=axes, extend="both", label="backscatter (km$^{-1}$ sr$^{-1}$)")
        # The version of matplotlib is omitted, so that another one changes the file only if it changes the picture.
        figure.savefig(picture, metadata={"Software": None})


if __name__ == "__main__":
    draw(*sys.argv[1:])
