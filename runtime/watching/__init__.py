"""What worker and portal let those see that watch them: metrics, health, traces."""
